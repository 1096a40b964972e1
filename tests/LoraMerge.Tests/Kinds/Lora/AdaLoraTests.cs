using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds.Lora;

/// <summary>AdaLoRA, of which some directions were taken out.</summary>
public sealed class AdaLoraTests : KindContract
{
    private const string Fields = "\"init_r\": 3, \"lora_alpha\": 6";

    private const double Scaling = 6 / (3 + 1e-5);

    private protected override string PeftType => "ADALORA";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs));

    private protected override KindExample? OfTransposed(int outputs, int inputs) => Of(Layer.Transposed(outputs, inputs));

    private protected override KindExample? OfConvolution() => Of(Layer.Convolution(2, 3));

    [Theory]
    [InlineData("[true, false, true]", 3, true)]
    [InlineData("[true, false, true]", 2, true)]
    [InlineData("[false, false, false]", 0, true)]
    [InlineData("[true, false, true]", 1, false)]
    [InlineData("[true, true]", 3, false)]
    public async Task Directions_that_were_taken_out_do_not_count_whether_they_are_in_the_file_or_not(string kept, int saved, bool fits)
    {
        Layer layer = Layer.Linear(4, 8);
        Matrix a = layer.Tensor("lora_A", saved, 8),
            b = layer.Tensor("lora_B", 4, saved),
            e = layer.Tensor("lora_E", saved, 1);
        using TinyFolder folder = new TinyFolder("{}", layer.Weight).With(
            $$"""{{Fields}}, "peft_type": "ADALORA", "rank_pattern": { "{{layer.Module}}.lora_E": {{kept}} }""",
            a,
            b,
            e
        );

        if (fits)
        {
            double[] merged = (await folder.MergeTensors())[layer.Weight.Name];

            int[] counted = saved == 3 ? [0, 2] : [.. Enumerable.Range(0, saved)];
            Matrix.AssertNear(layer.Plus((o, i) => Scaling * counted.Sum(r => b[o, r] * a[r, i] * e[r, 0])), merged);
        }
        else
        {
            Assert.Equal(DiagnosticCode.RankMismatch, await folder.MergeFails());
        }
        folder.Passed();
    }

    private static KindExample Of(Layer layer)
    {
        Matrix a = layer.Tensor("lora_A", 3, layer.Inputs),
            b = layer.Tensor("lora_B", layer.Outputs, 3),
            e = layer.Tensor("lora_E", 3, 1),
            rank = layer.Tensor("ranknum", 1);
        return layer.Example(Fields, (o, i) => Scaling * Enumerable.Range(0, 3).Sum(r => b[o, r] * a[r, i] * e[r, 0]), a, b, e, rank) with
        {
            Ignored = [rank.Name],
        };
    }
}
