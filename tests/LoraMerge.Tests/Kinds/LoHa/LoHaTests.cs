namespace LoraMerge.Tests.Kinds.LoHa;

public sealed class LoHaTests : KindContract
{
    private const string Fields = "\"r\": 2, \"alpha\": 3";

    private const double Scaling = 1.5;

    private protected override string PeftType => "LOHA";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs));

    private protected override KindExample? OfTransposed(int outputs, int inputs) => Of(Layer.Transposed(outputs, inputs));

    private protected override KindExample? OfConvolution() => Of(Layer.Convolution(2, 3));

    [Theory]
    [InlineData(2, 3)]
    [InlineData(3)]
    public async Task An_effective_convolution_is_made_of_cores_for_the_kernels(params int[] kernel)
    {
        Layer layer = Layer.Convolution(kernel);
        long[] sides = kernel.Length == 1 ? [kernel[0], 1] : [.. kernel.Select(side => (long)side)];
        Matrix[] b = [layer.Tensor("hada_w1_a", 2, 4), layer.Tensor("hada_w2_a", 2, 4)], a = [layer.Tensor("hada_w1_b", 2, 6), layer.Tensor("hada_w2_b", 2, 6)];
        Matrix[] core = [layer.Tensor("hada_t1", [2, 2, .. sides]), layer.Tensor("hada_t2", [2, 2, .. sides])];
        using TinyFolder folder = new TinyFolder("{}", layer.Weight).With(
            Fields + ", \"peft_type\": \"LOHA\", \"use_effective_conv2d\": true",
            [.. b, .. a, .. core]
        );

        double[] merged = (await folder.MergeTensors())[layer.Weight.Name];

        int size = layer.Inputs / 6;
        Matrix.AssertNear(layer.Plus((o, i) => Scaling * Part(0, o, i / size, i % size) * Part(1, o, i / size, i % size)), merged);
        folder.Passed();

        double Part(int which, int o, int q, int k)
        {
            double sum = 0;
            for (int r = 0; r < 2; r++)
            {
                for (int j = 0; j < 2; j++)
                    sum += core[which].Values[(((r * 2) + j) * size) + k] * a[which][j, q] * b[which][r, o];
            }
            return sum;
        }
    }

    [Theory]
    [InlineData("\"peft_version\": null", 4)] // up to 0.13, where a rank key gave both numbers, and the last part of a path was a key, too
    [InlineData("\"exclude_modules\": null", 8)]
    public async Task Ranks_and_alphas_by_pattern_follow_the_release(string fields, double alpha)
    {
        Layer layer = Layer.Linear(4, 8, "model.layers.0.mlp.up_proj");
        Matrix[] b = [layer.Tensor("hada_w1_a", 4, 1), layer.Tensor("hada_w2_a", 4, 1)],
            a = [layer.Tensor("hada_w1_b", 1, 8), layer.Tensor("hada_w2_b", 1, 8)];
        using TinyFolder folder = new TinyFolder("{}", layer.Weight).With(
            $$"""
            {{fields}}, "peft_type": "LOHA", "use_effective_conv2d": false, "r": 2, "alpha": 4, "rank_pattern": { "up_proj": 1 },
            "alpha_pattern": { "mlp.up_proj": 8 }
            """,
            [.. b, .. a]
        );

        double[] merged = (await folder.MergeTensors())[layer.Weight.Name];

        Matrix.AssertNear(layer.Plus((o, i) => alpha * b[0][o, 0] * a[0][0, i] * b[1][o, 0] * a[1][0, i]), merged);
        folder.Passed();
    }

    private static KindExample Of(Layer layer)
    {
        Matrix[] b = [layer.Tensor("hada_w1_a", layer.Outputs, 2), layer.Tensor("hada_w2_a", layer.Outputs, 2)],
            a = [layer.Tensor("hada_w1_b", 2, layer.Inputs), layer.Tensor("hada_w2_b", 2, layer.Inputs)];
        return layer.Example(Fields, (o, i) => Scaling * Layer.Product(b[0], a[0], o, i) * Layer.Product(b[1], a[1], o, i), [.. b, .. a]);
    }
}
