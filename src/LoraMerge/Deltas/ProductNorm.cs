using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>‖L·R‖ (Frobenius) from the factors alone, in float64.</summary>
/// <remarks>
/// ‖L·R‖² = Σ (LᵀL ⊙ R·Rᵀ): two r×r products instead of one as large as W, summed piece by piece, as the factors may be large too.
/// Factors in float64 are brought near 1 by a power of two first, which changes no digit, so that no square leaves the range of float64 where the norm itself
/// does not; those of float32 are never that far from 1.
/// </remarks>
internal static class ProductNorm
{
    /// <param name="left"><c>[…, rows, r]</c>.</param>
    /// <param name="right"><c>[…, r, columns]</c>.</param>
    /// <returns>Infinite where the norm is beyond float64.</returns>
    public static double Of(Tensor left, Tensor right)
    {
        using var scope = NewDisposeScope();
        (int leftExponent, int rightExponent) = (ExponentOf(left), ExponentOf(right));
        Tensor product = Gram(left, leftExponent).mul(Gram(right.transpose(-1, -2), rightExponent)); // [..., r, r]
        double square = product.sum().cpu().item<double>();
        return Math.ScaleB(Math.Sqrt(Math.Max(square, 0)), leftExponent + rightExponent);
    }

    /// <summary>That of the largest element, where its square might not be a number of float64; else 0.</summary>
    private static int ExponentOf(Tensor tensor)
    {
        if (tensor.dtype != ScalarType.Float64 || tensor.NumberOfElements == 0)
            return 0;
        (Tensor least, Tensor most) = tensor.aminmax();
        double largest = Math.Max(Math.Abs(least.to(ScalarType.Float64).item<double>()), Math.Abs(most.to(ScalarType.Float64).item<double>()));
        return largest == 0 ? 0 : Math.Max(Math.ILogB(largest), -1022); // whose negative is a power of two that float64 has
    }

    /// <summary>TᵀT of a factor that is divided by a power of two.</summary>
    /// <param name="tall">T, <c>[…, n, r]</c>.</param>
    /// <param name="exponent">That of the power.</param>
    private static Tensor Gram(Tensor tall, int exponent)
    {
        long n = tall.shape[^2];
        Tensor? gram = null;
        foreach ((long first, long count) in PieceSize.Cut(n, elementsOfRow: Math.Max(tall.NumberOfElements / Math.Max(n, 1), 1)))
        {
            using var scope = NewDisposeScope();
            Tensor piece = tall.narrow(-2, first, count).to(ScalarType.Float64, copy: true);
            if (exponent != 0)
                piece.Multiply(Math.ScaleB(1, -exponent));
            Tensor product = piece.transpose(-1, -2).matmul(piece);
            if (gram is null)
                gram = product.MoveToOuterDisposeScope();
            else
                gram.Add(product);
        }
        return gram ?? zeros([.. tall.shape[..^2], tall.shape[^1], tall.shape[^1]], ScalarType.Float64, tall.device);
    }
}
