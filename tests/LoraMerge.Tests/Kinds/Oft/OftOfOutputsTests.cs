namespace LoraMerge.Tests.Kinds.Oft;

/// <summary>The first releases: groups of outputs, of which the last may be cut.</summary>
public sealed class OftOfOutputsTests : KindContract
{
    private protected override string PeftType => "OFT";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        Layer layer = Layer.Linear(outputs, inputs);
        int size = 5, count = (outputs + 4) / 5;
        Matrix blocks = layer.Tensor("oft_r", count, size, size);
        return layer.Example(
            "\"peft_version\": null, \"r\": 3",
            (o, i) =>
                Enumerable.Range(0, size).Where(k => (o / size * size) + k < outputs).Sum(k => R(o / size)[k, o % size] * layer.At((o / size * size) + k, i))
                - layer.At(o, i),
            blocks
        );

        double[,] R(int block) =>
            Cayley.Of(
                size,
                (row, column) => 0.5 * (blocks.Values[(((block * size) + row) * size) + column] - blocks.Values[(((block * size) + column) * size) + row])
            );
    }

    private protected override bool TellsSide(int dimension) => dimension == 0;
}
