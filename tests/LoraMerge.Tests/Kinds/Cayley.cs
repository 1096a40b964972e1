using static TorchSharp.torch;

namespace LoraMerge.Tests.Kinds;

/// <summary>Rotations for tests, by an inverse in float64.</summary>
internal static class Cayley
{
    /// <summary>(I - S)·(I + S)⁻¹, where S is skew-symmetric.</summary>
    public static double[,] Of(int size, Func<int, int, double> skew)
    {
        using var scope = NewDisposeScope();
        Tensor s = tensor(Enumerable.Range(0, size * size).Select(n => skew(n / size, n % size)).ToArray()).view(size, size);
        Tensor one = eye(size, dtype: ScalarType.Float64);
        double[] r = (one - s).matmul(linalg.inv(one + s)).data<double>().ToArray();
        var result = new double[size, size];
        Buffer.BlockCopy(r, 0, result, 0, r.Length * sizeof(double));
        return result;
    }
}
