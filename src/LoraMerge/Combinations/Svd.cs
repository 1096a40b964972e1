using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Combinations;

/// <summary>D = Σ wᵢ·sᵢ·Bᵢ·Aᵢ, cut to its largest singular values: B′ = U·Σ, A′ = Vᵀ, of at most the given rank.</summary>
/// <remarks>
/// PEFT, <c>LoraModel._svd_generalized_task_arithmetic_weighted_adapter</c>, type <c>svd</c>, as it is since 0.21; before,
/// the scaling entered twice (its pull request 3111). D is never made: it is [B₁, B₂, …]·[g₁·A₁; g₂·A₂; …] = (Q₁·R₁)·(Q₂·R₂)ᵀ with gᵢ = wᵢ·sᵢ,
/// whose singular values are those of R₁·R₂ᵀ, a matrix of at most Σ rᵢ rows and columns.
/// </remarks>
internal static class Svd
{
    public static (Tensor A, Tensor B) Combine(IReadOnlyList<FactorPair> pairs, int rank)
    {
        (Tensor a, Tensor b) = Cat.Combine(pairs); // [k, in], [out, k]
        if (a.shape[0] <= rank)
            return (a, b);
        (Tensor q1, Tensor r1) = linalg.qr(b);                    // [out, min(out, k)], [min(out, k), k]
        (Tensor q2, Tensor r2) = linalg.qr(a.t());                // [in, min(in, k)], [min(in, k), k]
        (Tensor coreA, Tensor coreB) = Truncate(r1.matmul(r2.t()), rank);
        return (coreA.matmul(q2.t()), q1.matmul(coreB));
    }

    /// <summary>A matrix, cut to a rank: as factors A′ <c>[rank, in]</c> and B′ <c>[out, rank]</c>.</summary>
    public static (Tensor A, Tensor B) Truncate(Tensor matrix, int rank)
    {
        if (LeadingVectors.Find(matrix, rank) is var (leftVectors, values, rightVectors))
            return (rightVectors, leftVectors.mul(values));
        (Tensor u, Tensor s, Tensor vh) = linalg.svd(matrix, fullMatrices: false);
        long kept = Math.Min(rank, s.shape[0]);
        return (vh.narrow(0, 0, kept), u.narrow(1, 0, kept).mul(s.narrow(0, 0, kept)));
    }
}
