namespace LoraMerge.Tests.Kinds.Oft;

/// <summary>0.14 and 0.15: groups of inputs, and a factor for each output.</summary>
public sealed class OftScaledTests : KindContract
{
    private protected override string PeftType => "OFT";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs));

    private protected override KindExample? OfConvolution() => Of(Layer.Convolution(2, 2));

    private static KindExample Of(Layer layer)
    {
        Matrix blocks = layer.Tensor("oft_r", layer.Inputs / 4, 4, 4), factors = layer.Tensor("oft_s", layer.Outputs, 1);
        return layer.Example(
            "\"peft_version\": null, \"oft_block_size\": 4",
            (o, i) => (factors.Values[o] * Enumerable.Range(0, 4).Sum(k => R(i / 4)[i % 4, k] * layer.At(o, (i / 4 * 4) + k))) - layer.At(o, i),
            blocks,
            factors
        ) with
        {
            Optional = [factors.Name],
        };

        double[,] R(int block) =>
            Cayley.Of(4, (row, column) => 0.5 * (blocks.Values[(((block * 4) + row) * 4) + column] - blocks.Values[(((block * 4) + column) * 4) + row]));
    }
}
