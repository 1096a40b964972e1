using static TorchSharp.torch;

namespace LoraMerge.Tests.Kinds;

/// <summary>Rotations for tests, by an inverse in float64.</summary>
internal static class Cayley
{
    /// <summary>(I - S)·(I + S)⁻¹, where S is skew-symmetric.</summary>
    public static double[,] Of(int size, Func<int, int, double> skew)
    {
        using var scope = NewDisposeScope();
        double[] r = Sum(-1).matmul(linalg.inv(Sum(1))).data<double>().ToArray();
        var result = new double[size, size];
        Buffer.BlockCopy(r, 0, result, 0, r.Length * sizeof(double));
        return result;

        // I ± S. Made here: the scalar of TorchSharp's own sum may be collected while libtorch reads it.
        Tensor Sum(int sign) => tensor(
            Enumerable.Range(0, size * size).Select(n => (n / size == n % size ? 1.0 : 0) + (sign * skew(n / size, n % size))).ToArray()).view(size, size);
    }
}
