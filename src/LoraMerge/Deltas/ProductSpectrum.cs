using System.Collections.Immutable;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>The singular values of a sum of low-rank products, from their factors alone, in float64.</summary>
/// <remarks>
/// Σ sᵢ·Bᵢ·Aᵢ = [s₁·B₁ s₂·B₂ …]·[A₁; A₂; …] = B·A. With B = Q·R and Aᵀ = P·T the singular values of B·A are those of R·Tᵀ, which is no larger than
/// the rank on either side. R is made piece by piece: that of a piece below the R of all rows before it is the R of all of them, so nothing as long as
/// the weight is held.
/// </remarks>
internal static class ProductSpectrum
{
    /// <summary>Beyond it a decomposition takes longer than the rest of the merge.</summary>
    private const long LargestRank = 1024;

    /// <returns>As many as the ranks together, the largest first; none where the rank is beyond 1024 or a value beyond float64.</returns>
    public static ImmutableArray<double> Of(IReadOnlyList<LowRankDelta> deltas)
    {
        long rank = deltas.Sum(delta => delta.Rank);
        if (rank > LargestRank)
            return [];
        using var scope = NewDisposeScope();
        using var single = new SingleThread();
        Tensor left = Triangle(deltas[0].RowCount, rank, (first, count) => cat([.. deltas.Select(delta => delta.RowsOfB(first, count))], dim: 1));
        Tensor right = Triangle(deltas[0].ColumnCount, rank, (first, count) => cat([.. deltas.Select(delta => delta.ColumnsOfA(first, count))], dim: 1));
        Tensor core = left.matmul(right.t());
        if (!core.isfinite().all().item<bool>())
            return [];
        return [.. linalg.svdvals(core).data<double>()];
    }

    /// <summary>R of a tall matrix.</summary>
    /// <param name="length">Its rows.</param>
    /// <param name="rank">r, its columns.</param>
    /// <param name="read">Some of them, in float64.</param>
    /// <returns><c>[r, r]</c>, or <c>[length, r]</c> where the matrix is shorter than that; in the caller's scope.</returns>
    private static Tensor Triangle(long length, long rank, Func<long, long, Tensor> read)
    {
        Tensor? triangle = null;
        foreach ((long first, long count) in PieceSize.Cut(length, elementsOfRow: Math.Max(rank, 1)))
        {
            using var scope = NewDisposeScope();
            Tensor piece = read(first, count);
            Tensor stacked = triangle is null ? piece : cat([triangle, piece], dim: 0);
            triangle = linalg.qr(stacked, linalg.QRMode.R).R.cpu().MoveToOuterDisposeScope();
        }
        return triangle!;
    }
}
