namespace LoraMerge.Tests.Kinds.Vera;

/// <summary>Of PVeRA the means are merged, which are the first half of A and λ.</summary>
public sealed class PveraTests : KindContract
{
    private protected override string PeftType => "PVERA";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs));

    private protected override KindExample? OfTransposed(int outputs, int inputs) => Of(Layer.Transposed(outputs, inputs));

    [Fact]
    public async Task Matrices_that_are_not_in_the_file_are_drawn_with_both_halves()
    {
        Layer layer = Layer.Linear(4, 8);
        Matrix lambdaB = layer.Tensor("pvera_lambda_b", 4),
            lambdaD = layer.Tensor("pvera_lambda_d", 4);
        using TinyFolder folder = new TinyFolder("{}", layer.Weight).With(
            "\"peft_type\": \"PVERA\", \"r\": 2, \"save_projection\": false, \"projection_prng_key\": 3",
            lambdaB,
            lambdaD
        );

        double[] merged = (await folder.MergeTensors())[layer.Weight.Name];

        (double[] a, double[] b) = Drawn.Uniform(3, (4 * 8, Math.Sqrt(6.0 / 8)), (4 * 2, Math.Sqrt(6.0 / 2)));
        Matrix.AssertNear(
            layer.Plus((o, i) => lambdaB.Values[o] * Enumerable.Range(0, 2).Sum(r => b[(o * 2) + r] * lambdaD.Values[r] * a[(r * 8) + i])),
            merged
        );
        folder.Passed();
    }

    private static KindExample Of(Layer layer)
    {
        Matrix lambdaB = layer.Tensor("pvera_lambda_b", layer.Outputs),
            lambdaD = layer.Tensor("pvera_lambda_d", 4);
        Matrix a = Matrix.Of("base_model.pvera_A", 4, layer.Inputs),
            b = Matrix.Of("base_model.pvera_B", layer.Outputs, 2);
        return layer.Example(
            "\"r\": 2",
            (o, i) => lambdaB.Values[o] * Enumerable.Range(0, 2).Sum(r => b[o, r] * lambdaD.Values[r] * a[r, i]),
            lambdaB,
            lambdaD,
            a,
            b
        );
    }
}
