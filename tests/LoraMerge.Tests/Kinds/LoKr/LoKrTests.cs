using LoraMerge.Diagnostics;
using LoraMerge.Requests;

namespace LoraMerge.Tests.Kinds.LoKr;

/// <summary>Kronecker products whose second side is a product itself.</summary>
public sealed class LoKrTests : KindContract
{
    private const string Fields = "\"r\": 2, \"alpha\": 3";

    private const double Scaling = 1.5;

    private protected override string PeftType => "LOKR";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs));

    private protected override KindExample? OfTransposed(int outputs, int inputs) => Of(Layer.Transposed(outputs, inputs));

    private protected override KindExample? OfConvolution()
    {
        Layer layer = Layer.Convolution(2, 3);
        Matrix first = layer.Tensor("lokr_w1", 2, 3), second = layer.Tensor("lokr_w2", 2, 2, 2, 3);
        return layer.Example(Fields, (o, i) => Scaling * first[o / 2, i / 12] * second[o % 2, i % 12], first, second);
    }

    [Fact]
    public async Task Both_sides_may_be_products()
    {
        Layer layer = Layer.Linear(12, 8);
        Matrix firstB = layer.Tensor("lokr_w1_a", 3, 2),
            firstA = layer.Tensor("lokr_w1_b", 2, 2),
            secondB = layer.Tensor("lokr_w2_a", 4, 2),
            secondA = layer.Tensor("lokr_w2_b", 2, 4);
        using TinyFolder folder = new TinyFolder("{}", layer.Weight).With(
            Fields + ", \"peft_type\": \"LOKR\", \"decompose_both\": true",
            firstB,
            firstA,
            secondB,
            secondA
        );

        double[] merged = (await folder.MergeTensors())[layer.Weight.Name];

        Matrix.AssertNear(layer.Plus((o, i) => Scaling * Layer.Product(firstB, firstA, o / 4, i / 4) * Layer.Product(secondB, secondA, o % 4, i % 4)), merged);
        folder.Passed();
    }

    [Theory]
    [InlineData(2, 3)]
    [InlineData(3)]
    public async Task An_effective_convolution_has_a_core_for_the_kernel(params int[] kernel)
    {
        Layer layer = Layer.Convolution(kernel);
        int size = layer.Inputs / 6;
        Matrix first = layer.Tensor("lokr_w1", 2, 3), b = layer.Tensor("lokr_w2_a", 2, 2), a = layer.Tensor("lokr_w2_b", 2, 2);
        Matrix core = layer.Tensor("lokr_t2", kernel.Length == 1 ? [2, 2, kernel[0], 1] : [2, 2, .. kernel.Select(side => (long)side)]);
        using TinyFolder folder = new TinyFolder("{}", layer.Weight).With(
            Fields + ", \"peft_type\": \"LOKR\", \"use_effective_conv2d\": true",
            first,
            b,
            a,
            core
        );

        double[] merged = (await folder.MergeTensors())[layer.Weight.Name];

        Matrix.AssertNear(layer.Plus((o, i) => Scaling * first[o / 2, i / (2 * size)] * Second(o % 2, i % (2 * size) / size, i % size)), merged);
        folder.Passed();

        double Second(int p, int q, int k)
        {
            double sum = 0;
            for (int r = 0; r < 2; r++)
            {
                for (int j = 0; j < 2; j++)
                    sum += core.Values[(((r * 2) + j) * size) + k] * a[j, q] * b[r, p];
            }
            return sum;
        }
    }

    /// <summary>torch.kron puts the missing dimension of w₁ in front, and the result is reshaped.</summary>
    [Fact]
    public async Task A_whole_second_side_of_a_convolution_of_one_dimension_is_multiplied_as_PEFT_does()
    {
        Layer layer = Layer.Convolution(5);
        Matrix first = layer.Tensor("lokr_w1", 2, 3), second = layer.Tensor("lokr_w2", 2, 2, 5);
        using TinyFolder folder = new TinyFolder("{}", layer.Weight).With(Fields + ", \"peft_type\": \"LOKR\"", first, second);

        double[] merged = (await folder.MergeTensors())[layer.Weight.Name];

        double[] kron = new double[2 * (2 * 2) * (3 * 5)]; // [1·2, 2·2, 3·5]
        for (int p = 0; p < 2; p++)
        {
            for (int row = 0; row < 4; row++)
            {
                for (int column = 0; column < 15; column++)
                    kron[(((p * 4) + row) * 15) + column] = first[row / 2, column / 5] * second.Values[(((p * 2) + (row % 2)) * 5) + (column % 5)];
            }
        }
        Matrix.AssertNear(layer.Plus((o, i) => Scaling * kron[(o * 30) + i]), merged);
        folder.Passed();
    }

    [Theory]
    [InlineData("\"peft_version\": null, \"decompose_both\": false, \"decompose_factor\": -1", null, 1, false)]
    [InlineData(
        "\"peft_version\": null, \"decompose_both\": false, \"decompose_factor\": -1, \"rank_dropout_scale\": false, \"exclude_modules\": null",
        null,
        1.5,
        false
    )]
    [InlineData("\"peft_version\": null", null, 1.5, true)]
    [InlineData("\"peft_version\": null", "0.13.2", 1, false)]
    [InlineData("\"peft_version\": \"0.20.0\"", null, 1.5, false)]
    public async Task Releases_before_0_14_did_not_scale(string fields, string? asked, double scaling, bool isTold)
    {
        Layer layer = Layer.Linear(4, 8);
        Matrix first = layer.Tensor("lokr_w1", 2, 2),
            second = layer.Tensor("lokr_w2", 2, 4);
        using TinyFolder folder = new TinyFolder("{}", layer.Weight).With(
            $"{Fields}, \"peft_type\": \"LOKR\", {fields}",
            new AdapterRequest("") { AdapterVersion = asked },
            first,
            second
        );

        double[] merged = (await folder.MergeTensors())[layer.Weight.Name];

        Matrix.AssertNear(layer.Plus((o, i) => scaling * first[o / 2, i / 4] * second[o % 2, i % 4]), merged);
        Assert.Equal(isTold, folder.Warnings.Any(warning => warning.Code == DiagnosticCode.KroneckerScaleAmbiguous));
        folder.Passed();
    }

    private static KindExample Of(Layer layer)
    {
        (int outer, int inner) = (layer.Outputs / 4, layer.Inputs / 2);
        Matrix first = layer.Tensor("lokr_w1", 4, 2), b = layer.Tensor("lokr_w2_a", outer, 2), a = layer.Tensor("lokr_w2_b", 2, inner);
        return layer.Example(Fields, (o, i) => Scaling * first[o / outer, i / inner] * Layer.Product(b, a, o % outer, i % inner), first, b, a);
    }
}
