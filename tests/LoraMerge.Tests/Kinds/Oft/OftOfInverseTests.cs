namespace LoraMerge.Tests.Kinds.Oft;

/// <summary>Rotations by the inverse, each kept to a norm.</summary>
public sealed class OftOfInverseTests : KindContract
{
    private protected override string PeftType => "OFT";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        Layer layer = Layer.Linear(outputs, inputs);
        Matrix triangles = layer.Tensor("oft_R.weight", inputs / 2, 1);
        double limit = 0.5 / Math.Sqrt(inputs / 2);
        return layer.Example(
            "\"oft_block_size\": 2, \"use_cayley_neumann\": false, \"coft\": true, \"eps\": 0.5",
            (o, i) => (R(i / 2)[i % 2, 0] * layer.At(o, i / 2 * 2)) + (R(i / 2)[i % 2, 1] * layer.At(o, (i / 2 * 2) + 1)) - layer.At(o, i),
            triangles
        );

        double[,] R(int block)
        {
            double q = triangles.Values[block], norm = Math.Abs(q) * Math.Sqrt(2);
            q *= norm > limit ? limit / norm : 1;
            return Cayley.Of(2, (row, column) => row == column ? 0 : row < column ? q : -q);
        }
    }

    private protected override bool TellsSide(int dimension) => dimension == 1;
}
