using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds.RandLora;

public sealed class RandLoraTests : KindContract
{
    private const string Fields = "\"r\": 3, \"randlora_alpha\": 6";

    private protected override string PeftType => "RANDLORA";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs));

    private protected override KindExample? OfTransposed(int outputs, int inputs) => Of(Layer.Transposed(outputs, inputs));

    [Theory]
    [InlineData(4, 12)]
    [InlineData(8, 8)]
    public async Task The_trained_factors_belong_to_the_smaller_side(int outputs, int inputs)
    {
        foreach (KindExample example in (KindExample[])[Of(Layer.Linear(outputs, inputs)), Of(Layer.Transposed(outputs, inputs))])
        {
            using TinyFolder folder = new TinyFolder(example.Config, [.. example.Base]).With(
                "\"peft_type\": \"RANDLORA\", " + example.Fields,
                [.. example.Adapter]
            );

            Matrix.AssertNear(example.Expected()[example.Weight.Name], (await folder.MergeTensors())[example.Weight.Name]);
            folder.Passed();
        }
    }

    [Theory]
    [InlineData("\"sparse\": true", 1.0 / 6, false)]
    [InlineData("\"very_sparse\": true", 1 / (2 * 2.8284271247461903), false)]
    [InlineData("\"sparse\": false", 0, true)]
    public async Task Matrices_that_are_not_in_the_file_are_drawn(string bases, double share, bool isTold)
    {
        Layer layer = Layer.Linear(12, 8);
        Matrix lambda = layer.Tensor("randlora_lambda", 3, 3),
            gamma = layer.Tensor("randlora_gamma", 3, 8);
        using TinyFolder folder = new TinyFolder("{}", layer.Weight).With(
            $"{Fields}, {bases}, \"peft_type\": \"RANDLORA\", \"save_projection\": false, \"projection_prng_key\": 3",
            lambda,
            gamma
        );

        double[] merged = (await folder.MergeTensors())[layer.Weight.Name];

        if (!isTold)
        {
            (double[] a, double[] b) = Drawn.Uniform(3, (3 * 8, 0.5), (12 * 3 * 3, 0.5));
            double[] signsA = Signs(a),
                signsB = Signs(b);
            Matrix.AssertNear(
                layer.Plus(
                    (o, i) => 2 * Sum(lambda, gamma, (q, inner) => signsA[(q * 8) + inner], (outer, p, q) => signsB[(((outer * 3) + p) * 3) + q], 3, 3, o, i)
                ),
                merged
            );
        }
        Assert.Equal(isTold, folder.Warnings.Any(warning => warning.Code == DiagnosticCode.ProjectionDrawAssumed));
        folder.Passed();

        double[] Signs(double[] drawn)
        {
            double[] signs = [.. drawn.Select(number => number + 0.5 < share ? -1.0 : number + 0.5 > 1 - share ? 1.0 : 0.0)];
            double mean = signs.Average(), deviation = Math.Sqrt(signs.Sum(sign => (sign - mean) * (sign - mean)) / (signs.Length - 1));
            return [.. signs.Select(sign => sign / deviation)];
        }
    }

    /// <summary>The shared matrices are larger than this module needs them.</summary>
    private static KindExample Of(Layer layer)
    {
        (int smaller, int larger) = (Math.Min(layer.Outputs, layer.Inputs), Math.Max(layer.Outputs, layer.Inputs));
        int products = (smaller + 2) / 3;
        Matrix lambda = layer.Tensor("randlora_lambda", 3, products), gamma = layer.Tensor("randlora_gamma", products, smaller);
        Matrix a = Matrix.Of("base_model.randlora_A", 3, 1, smaller + 2), b = Matrix.Of("base_model.randlora_B", larger, products + 1, 3);
        bool isTurned = layer.Inputs != smaller;
        return layer.Example(
            Fields,
            (o, i) =>
                2
                * Sum(
                    lambda,
                    gamma,
                    (q, inner) => a.Values[(q * (smaller + 2)) + inner],
                    (outer, p, q) => b.Values[(((outer * (products + 1)) + p) * 3) + q],
                    3,
                    products,
                    isTurned ? i : o,
                    isTurned ? o : i
                ),
            lambda,
            gamma,
            a,
            b
        );
    }

    /// <summary>Σ over the inner side, which A counts rank by rank and B product by product.</summary>
    private static double Sum(
        Matrix lambda,
        Matrix gamma,
        Func<int, int, double> a,
        Func<int, int, int, double> b,
        int rank,
        int products,
        int outer,
        int inner
    )
    {
        double sum = 0;
        for (int k = 0; k < rank * products; k++)
        {
            (int q, int p) = (k / products, k % products);
            sum += b(outer, k / rank, k % rank) * lambda[q, p] * a(q, inner) * gamma[p, inner];
        }
        return sum;
    }
}
