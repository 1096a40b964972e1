namespace LoraMerge.Tests.Kinds.Miss;

/// <summary>Blocks that mix those of the weight.</summary>
public sealed class MissBatTests : KindContract
{
    private protected override string PeftType => "MISS";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        Layer layer = Layer.Linear(outputs, inputs);
        Matrix block = layer.Tensor("miss_block", outputs / 4, 4, 4);
        return layer.Example("\"r\": 4, \"init_weights\": \"bat\"", Mixed, block);

        double Mixed(int o, int i)
        {
            double Of(int row, int column) => block.Values[(((o / 4 * 4) + row) * 4) + column];
            return Of(o % 4, i % 4) + Enumerable.Range(0, 4).Sum(k => layer.Weight[o, (i / 4 * 4) + k] * Of(k, i % 4));
        }
    }

    private protected override bool TellsSide(int dimension) => dimension == 0;
}
