using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds.VbLora;

public sealed class VbLoraTests : KindContract
{
    private const string Fields = "\"r\": 3, \"topk\": 2, \"num_vectors\": 5, \"vector_length\": 4";

    private protected override string PeftType => "VBLORA";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs));

    private protected override KindExample? OfTransposed(int outputs, int inputs) => Of(Layer.Transposed(outputs, inputs));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_file_may_hold_the_vectors_that_count_and_their_shares_alone(int count)
    {
        Layer layer = Layer.Linear(8, 12);
        Matrix bank = Matrix.Of("base_model.vblora_vector_bank", 5, 4);
        Matrix indicesA = layer.Indices("vblora_logits_A_topk_indices", 5, 2, 2, 3, count),
            sharesA = layer.Tensor("vblora_logits_A_topk_weights", 2, 3, count - 1);
        Matrix indicesB = layer.Indices("vblora_logits_B_topk_indices", 5, 3, 2, 2, count),
            sharesB = layer.Tensor("vblora_logits_B_topk_weights", 2, 2, count - 1);
        using TinyFolder folder = new TinyFolder("{}", layer.Weight).With(
            $"\"peft_type\": \"VBLORA\", \"r\": 2, \"topk\": {count}, \"save_only_topk_weights\": true",
            bank,
            indicesA,
            sharesA,
            indicesB,
            sharesB
        );

        double[] merged = (await folder.MergeTensors())[layer.Weight.Name];

        Matrix.AssertNear(
            layer.Plus(
                (o, i) => Enumerable.Range(0, 2).Sum(r => Mixed(indicesB, sharesB, (o / 4 * 2) + r, o % 4) * Mixed(indicesA, sharesA, (r * 3) + (i / 4), i % 4))
            ),
            merged
        );
        folder.Passed();

        double Mixed(Matrix indices, Matrix shares, int place, int element)
        {
            double left = 1, sum = 0;
            for (int k = 0; k < count; k++)
            {
                double share = k < count - 1 ? shares.Values[(place * (count - 1)) + k] : left;
                left -= share;
                sum += share * bank[(long)indices.Values[(place * count) + k], element];
            }
            return sum;
        }
    }

    [Fact]
    public async Task A_vector_that_the_bank_does_not_have_is_named()
    {
        Layer layer = Layer.Linear(4, 4);
        Matrix indices = layer.Indices("vblora_logits_A_topk_indices", 9, 8, 1, 1, 2);
        using TinyFolder folder = new TinyFolder("{}", layer.Weight).With(
            "\"peft_type\": \"VBLORA\", \"r\": 1, \"topk\": 2",
            Matrix.Of("base_model.vblora_vector_bank", 5, 4),
            indices,
            layer.Tensor("vblora_logits_A_topk_weights", 1, 1, 1),
            layer.Indices("vblora_logits_B_topk_indices", 5, 1, 1, 1, 2),
            layer.Tensor("vblora_logits_B_topk_weights", 1, 1, 1)
        );

        LoraMergeException? fault = await folder.Fault();

        Assert.Equal(DiagnosticCode.AdapterIndexInvalid, fault?.Code);
        Assert.Contains(indices.Name, fault!.Message, StringComparison.Ordinal);
        folder.Passed();
    }

    private static KindExample Of(Layer layer)
    {
        Matrix bank = Matrix.Of("base_model.vblora_vector_bank", 5, 4);
        Matrix a = layer.Tensor("vblora_logits_A", 3, layer.Inputs / 4, 5),
            b = layer.Tensor("vblora_logits_B", layer.Outputs / 4, 3, 5);
        return layer.Example(
            Fields,
            (o, i) => Enumerable.Range(0, 3).Sum(r => Mixed(b, (o / 4 * 3) + r, o % 4) * Mixed(a, (r * (layer.Inputs / 4)) + (i / 4), i % 4)),
            a,
            b,
            bank
        );

        double Mixed(Matrix logits, int place, int element)
        {
            int[] largest = [.. Enumerable.Range(0, 5).OrderByDescending(vector => logits.Values[(place * 5) + vector]).Take(2)];
            double[] weights = [.. largest.Select(vector => Math.Exp(logits.Values[(place * 5) + vector]))];
            return largest.Zip(weights).Sum(pair => pair.Second / weights.Sum() * bank[pair.First, element]);
        }
    }
}
