namespace LoraMerge.Tests.Kinds.Oft;

/// <summary>Rotations by the series of today.</summary>
public sealed class OftTests : KindContract
{
    private protected override string PeftType => "OFT";

    private protected override KindExample OfLinear(int outputs, int inputs) =>
        Of(Layer.Linear(outputs, inputs), "\"oft_block_size\": 4, \"use_cayley_neumann\": true", fullLast: false);

    private protected override KindExample? OfConvolution() =>
        Of(Layer.Convolution(2, 2), "\"oft_block_size\": 4, \"use_cayley_neumann\": true", fullLast: false);

    private protected override bool TellsSide(int dimension) => dimension == 1;

    internal static KindExample Of(Layer layer, string fields, bool fullLast)
    {
        Matrix triangles = layer.Tensor("oft_R.weight", layer.Inputs / 4, 6);
        return layer.Example(fields, (o, i) => Enumerable.Range(0, 4).Sum(k => layer.At(o, (i / 4 * 4) + k) * R(i / 4)[i % 4, k]) - layer.At(o, i), triangles);

        // I + 2Q + 2Q² + 2Q³ + Q⁴, or 2Q⁴
        double[,] R(int block)
        {
            double[,] q = new double[4, 4], power = new double[4, 4], sum = new double[4, 4];
            for (int n = 0, row = 0; row < 4; row++)
            {
                (power[row, row], sum[row, row]) = (1, 1);
                for (int column = row + 1; column < 4; column++, n++)
                    (q[row, column], q[column, row]) = (triangles[block, n], -triangles[block, n]);
            }
            for (int exponent = 1; exponent <= 4; exponent++)
            {
                var next = new double[4, 4];
                for (int n = 0; n < 64; n++)
                    next[n / 16, n % 4] += power[n / 16, n / 4 % 4] * q[n / 4 % 4, n % 4];
                power = next;
                for (int n = 0; n < 16; n++)
                    sum[n / 4, n % 4] += (exponent == 4 && !fullLast ? 1 : 2) * power[n / 4, n % 4];
            }
            return sum;
        }
    }
}
