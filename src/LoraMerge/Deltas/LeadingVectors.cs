using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>The largest singular values of a matrix D with their vectors, for a small part of what a decomposition of all of D takes.</summary>
/// <remarks>
/// Block Lanczos bidiagonalisation with full reorthogonalisation (Golub, Luk, Overton 1981): D·V = U·B with orthonormal U and V, of which each step adds a
/// block; the singular
/// values of the small B approach those of D, the largest first. Products with D run in D's dtype, everything else in float64. It ends when DᵀU - VΣ of the
/// wanted vectors is no larger than the rounding
/// errors of <c>linalg.svd</c>, so the result is exact for a matrix as near to D as that one's. Where values are so close that it would need most of D's
/// dimensions it gives up.
/// Memory: at most side·(rows + columns) / 2 numbers of float64 for U and V and side² / 4 for B, with the shorter side, and some times B's while that is
/// decomposed. The start is the same for every matrix of one size, so equal inputs give equal bits.
/// </remarks>
internal static class LeadingVectors
{
    /// <summary>Columns of a block, at least: narrower products cost as much.</summary>
    private const int LeastBlock = 32;

    /// <summary>Blocks before the first look at B; the next looks come at half as many again, as each costs more.</summary>
    private const int BlocksBeforeCheck = 3;

    /// <summary>Errors of <c>linalg.svd</c>, in units of the rounding of one number as large as D.</summary>
    private const double Tolerance = 8;

    /// <returns>U <c>[rows, rank]</c>, Σ <c>[rank]</c> in descending order and Vᵀ <c>[rank, columns]</c>, in the caller's scope; null where a decomposition of
    /// all of D costs less.</returns>
    public static (Tensor U, Tensor S, Tensor Vh)? Find(Tensor matrix, int rank)
    {
        long side = Math.Min(matrix.shape[0], matrix.shape[1]);
        int block = (int)Math.Max(LeastBlock, Math.Min(2L * rank, side));
        long limit = side / 2 / block * block;
        return limit < BlocksBeforeCheck * block ? null : Iterate(matrix, rank, block, limit);
    }

    private static (Tensor U, Tensor S, Tensor Vh)? Iterate(Tensor matrix, int rank, int block, long limit)
    {
        using var scope = NewDisposeScope();
        double epsilon = matrix.dtype == ScalarType.Float64 ? Math.Pow(2, -52) : Math.Pow(2, -23);
        double norm = matrix.norm().to(ScalarType.Float64).item<double>();
        if (!double.IsFinite(norm))
            return null;
        // Memory that is not used is not touched.
        Tensor u = empty([limit, matrix.shape[0]], ScalarType.Float64, matrix.device); // rows are the vectors
        Tensor v = empty([limit, matrix.shape[1]], ScalarType.Float64, matrix.device);
        Tensor b = zeros([limit, limit], ScalarType.Float64, matrix.device);
        Tensor next = Orthonormal(Start(block, matrix.shape[1]).to(matrix.device), v.narrow(0, 0, 0)).Basis;
        long check = BlocksBeforeCheck * block;
        for (long size = block; size <= limit; size += block)
        {
            using var step = NewDisposeScope();
            v.narrow(0, size - block, block).copy_(next);
            (Tensor left, Tensor coefficients) = Orthonormal(Product(matrix.t(), next), u.narrow(0, 0, size - block));
            u.narrow(0, size - block, block).copy_(left);
            b.narrow(1, size - block, block).narrow(0, 0, size).copy_(coefficients);
            (Tensor right, Tensor remainder) = Orthonormal(Product(matrix, left), v.narrow(0, 0, size));
            next.Dispose();
            next = right.MoveToOuterDisposeScope();
            if (size < check && size < limit)
                continue;
            check = size + (size / 2);
            (Tensor x, Tensor s, Tensor yh) = linalg.svd(b.narrow(0, 0, size).narrow(1, 0, size));
            // DᵀU·x - V·y·σ is what of the last block leads out of V.
            Tensor residual = remainder.narrow(0, size, block).matmul(x.narrow(0, size - block, block).narrow(1, 0, rank));
            if (!(residual.norm().item<double>() <= Tolerance * epsilon * norm)) // so that NaN is not found
                continue;
            return (u.narrow(0, 0, size).t().matmul(x.narrow(1, 0, rank)).to(matrix.dtype).MoveToOuterDisposeScope().MoveToOuterDisposeScope(),
                s.narrow(0, 0, rank).to(matrix.dtype).MoveToOuterDisposeScope().MoveToOuterDisposeScope(),
                yh.narrow(0, 0, rank).matmul(v.narrow(0, 0, size)).to(matrix.dtype).MoveToOuterDisposeScope().MoveToOuterDisposeScope());
        }
        return null;
    }

    /// <summary>vectors·matrix, computed in the matrix's dtype.</summary>
    private static Tensor Product(Tensor matrix, Tensor vectors) => vectors.to(matrix.dtype).matmul(matrix).to(ScalarType.Float64);

    /// <summary>
    /// Rows of an orthonormal basis, orthogonal to <paramref name="before"/> too, and the coefficients with which both together give the vectors:
    /// <c>vectorsᵀ = [beforeᵀ, basisᵀ]·coefficients</c>. Twice, as the first subtraction may leave little but rounding errors.
    /// </summary>
    private static (Tensor Basis, Tensor Coefficients) Orthonormal(Tensor vectors, Tensor before)
    {
        Tensor outside = before.matmul(vectors.t()); // [before, block]
        (Tensor q1, Tensor r1) = linalg.qr(vectors.t() - before.t().matmul(outside));
        Tensor again = before.matmul(q1);
        (Tensor q2, Tensor r2) = linalg.qr(q1 - before.t().matmul(again));
        return (q2.t().contiguous(), cat([outside.Add(again.matmul(r1)), r2.matmul(r1)], 0));
    }

    /// <summary>Numbers between -1 and 1 without any pattern (SplitMix64), in float64.</summary>
    private static Tensor Start(long rows, long columns)
    {
        Tensor start = empty([rows, columns], ScalarType.Float64);
        Span<double> values = MemoryMarshal.Cast<byte, double>(start.bytes);
        ulong state = 0;
        for (int i = 0; i < values.Length; i++)
        {
            ulong z = state = unchecked(state + 0x9E3779B97F4A7C15);
            z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
            z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
            values[i] = ((long)(z ^ (z >> 31)) >> 11) / (double)(1L << 52);
        }
        return start;
    }
}
