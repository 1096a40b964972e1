namespace LoraMerge.Tests.Kinds.Boft;

/// <summary>Two factors, of which both sort half-blocks of groups of inputs into even and odd ones.</summary>
public sealed class BoftTests : KindContract
{
    private const string Fields = "\"boft_block_size\": 4";

    private protected override string PeftType => "BOFT";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs), Fields, isAcross: false, outputs, 1);

    private protected override KindExample? OfConvolution() => Of(Layer.Convolution(2, 2), Fields, isAcross: false, 1, 4);

    /// <param name="layer">The layer.</param>
    /// <param name="fields">The configuration.</param>
    /// <param name="isAcross">Whether the numbers of the weight are read as inputs by outputs.</param>
    /// <param name="factorShape">Shape of the factors.</param>
    internal static KindExample Of(Layer layer, string fields, bool isAcross, params long[] factorShape)
    {
        int inputs = layer.Inputs, count = inputs / 4;
        Matrix blocks = layer.Tensor("boft_R", 2, count, 4, 4), factors = layer.Tensor("boft_s", factorShape);
        return layer.Example(
            fields,
            (o, i) => Place(o, i) is var (output, input) ? (factors.Values[output] * Turned(output)[input]) - layer.At(o, i) : 0,
            blocks,
            factors
        );

        (int Output, int Input) Place(int o, int i) => !isAcross ? (o, i)
            : Math.DivRem((o * inputs) + i, layer.Outputs) is var (row, column) ? (column, row)
            : default;

        double At(int output, int input) => isAcross ? layer.Weight.Values[(input * layer.Outputs) + output] : layer.At(output, input);

        double[] Turned(int output)
        {
            double[] x = [.. Enumerable.Range(0, inputs).Select(i => At(output, i))];
            for (int factor = 0; factor < 2; factor++)
            {
                int[] order = Order(4 << factor);
                double[] y = new double[inputs], z = new double[inputs]; // y = Pᵀ·x, with a 1 of P at (row, order[row])
                for (int row = 0; row < inputs; row++)
                    y[order[row]] = x[row];
                for (int block = 0; block < count; block++)
                {
                    double[,] r = R(factor, block);
                    for (int n = 0; n < 16; n++)
                        z[(block * 4) + (n / 4)] += r[n / 4, n % 4] * y[(block * 4) + (n % 4)];
                }
                for (int row = 0; row < inputs; row++)
                    x[row] = z[order[row]];
            }
            return x;
        }

        int[] Order(int group) =>
            [
                .. Enumerable
                    .Range(0, inputs / group)
                    .SelectMany(g =>
                        Enumerable
                            .Range(0, group / 2)
                            .OrderBy(chunk => chunk % 2)
                            .SelectMany(chunk => (int[])[(g * group) + (2 * chunk), (g * group) + (2 * chunk) + 1])
                    ),
            ];

        double[,] R(int factor, int block)
        {
            double Number(int row, int column) => blocks.Values[(((((factor * count) + block) * 4) + row) * 4) + column];
            return Cayley.Of(4, (row, column) => 0.5 * (Number(row, column) - Number(column, row)));
        }
    }
}
