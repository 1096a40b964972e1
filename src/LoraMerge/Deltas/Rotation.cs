using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>Small orthogonal matrices, computed in float64: what kinds that rotate make of trained numbers.</summary>
internal static class Rotation
{
    /// <summary>Cayley's map of skew-symmetric matrices: R = (I - S)·(I + S)⁻¹.</summary>
    /// <param name="skew">S, <c>[blocks, n, n]</c>, float64.</param>
    /// <returns><c>[blocks, n, n]</c>, in the caller's scope.</returns>
    /// <remarks>R solves R·(I + S) = I - S; transposed, (I - S)·Rᵀ = I + S. Nothing is inverted, and in float64 R is orthogonal to 1e-15.</remarks>
    public static Tensor Cayley(Tensor skew)
    {
        using var scope = NewDisposeScope();
        Tensor identity = eye(skew.shape[1], dtype: ScalarType.Float64, device: skew.device).unsqueeze(0);
        return linalg.solve(identity - skew, identity.Plus(skew)).transpose(1, 2).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// I + 2·Q + 2·Q² + …, with t terms of which the last is Qᵗ⁻¹ once; of three terms, as PEFT computes them, it is Q³: nearly <see cref="Cayley"/> of -Q.
    /// </summary>
    /// <param name="q">Q, <c>[blocks, n, n]</c>, float64.</param>
    /// <param name="terms">t.</param>
    /// <param name="hasFullLastTerm">Whether the last term counts twice.</param>
    /// <returns><c>[blocks, n, n]</c>, in the caller's scope.</returns>
    public static Tensor Series(Tensor q, int terms, bool hasFullLastTerm)
    {
        using var scope = NewDisposeScope();
        Tensor sum = eye(q.shape[1], dtype: ScalarType.Float64, device: q.device).unsqueeze(0).repeat(q.shape[0], 1, 1);
        if (terms == 1)
            return sum.MoveToOuterDisposeScope();
        sum.Add(q, times: 2);
        if (terms == 2)
            return sum.MoveToOuterDisposeScope();
        Tensor power = q.matmul(q);
        sum.Add(power, times: 2);
        int last = hasFullLastTerm ? terms - 1 : Math.Max(terms - 1, 3);
        for (int exponent = 3; exponent <= last; exponent++)
        {
            power = power.matmul(q);
            sum.Add(power, times: exponent == last && !hasFullLastTerm ? 1 : 2);
        }
        return sum.MoveToOuterDisposeScope();
    }

    /// <summary>The skew-symmetric part of matrices: (X - Xᵀ) / 2.</summary>
    /// <returns>In the caller's scope.</returns>
    public static Tensor SkewPart(Tensor matrices)
    {
        using var scope = NewDisposeScope();
        return (matrices - matrices.transpose(1, 2)).Multiply(0.5).MoveToOuterDisposeScope();
    }

    /// <summary>Skew-symmetric matrices of their strict upper triangles, row by row.</summary>
    /// <param name="triangles"><c>[blocks, n·(n-1)/2]</c>, float64.</param>
    /// <param name="size">n.</param>
    /// <returns><c>[blocks, n, n]</c>, in the caller's scope.</returns>
    public static Tensor Skew(Tensor triangles, long size)
    {
        using var scope = NewDisposeScope();
        Tensor numbers = TensorArithmetic.CountFrom(0, size * size, triangles.device).view(size, size);
        Tensor places = numbers.triu(1).flatten();
        places = places.masked_select(places.IsNot(0)); // in order: the triangle never holds place 0
        Tensor full = zeros([triangles.shape[0], size * size], ScalarType.Float64, triangles.device);
        full.index_copy_(1, places, triangles);
        Tensor upper = full.view(-1, size, size);
        return (upper - upper.transpose(1, 2)).MoveToOuterDisposeScope();
    }

    /// <summary>Matrices whose Frobenius norm is above a limit, brought down to it; the others as they are.</summary>
    /// <returns>In the caller's scope.</returns>
    public static Tensor Limited(Tensor matrices, double limit)
    {
        using var scope = NewDisposeScope();
        Tensor norm = matrices.mul(matrices).sum([1, 2], keepdim: true).sqrt();
        return where(norm.IsAtMost(limit), matrices, matrices.Times(limit) / norm).MoveToOuterDisposeScope();
    }
}
