namespace LoraMerge.Tests.Kinds.Hra;

/// <summary>Reflections one after another.</summary>
public sealed class HraTests : KindContract
{
    private protected override string PeftType => "HRA";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs), isOrthonormalised: false);

    private protected override KindExample? OfConvolution() => Of(Layer.Convolution(2, 2), isOrthonormalised: false);

    private protected override bool TellsSide(int dimension) => dimension == 1;

    internal static KindExample Of(Layer layer, bool isOrthonormalised)
    {
        Matrix normals = layer.Tensor("hra_u", layer.Inputs, 3);
        return layer.Example($"\"r\": 3, \"apply_GS\": {(isOrthonormalised ? "true" : "false")}", (o, i) => Reflected(o)[i] - layer.At(o, i), normals);

        double[] Reflected(int output)
        {
            double[] row = [.. Enumerable.Range(0, layer.Inputs).Select(i => layer.At(output, i))];
            var before = new List<double[]>();
            for (int r = 0; r < 3; r++)
            {
                double[] u = [.. Enumerable.Range(0, layer.Inputs).Select(i => normals[i, r])];
                foreach (double[] v in isOrthonormalised ? before : [])
                    u = Less(u, v, Dot(u, v));
                double length = Math.Sqrt(Dot(u, u));
                u = [.. u.Select(value => value / length)];
                before.Add(u);
                row = Less(row, u, 2 * Dot(row, u));
            }
            return row;
        }

        static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

        static double[] Less(double[] a, double[] b, double factor) => [.. a.Zip(b, (x, y) => x - (factor * y))];
    }
}
