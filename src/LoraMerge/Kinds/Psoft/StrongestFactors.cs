using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Psoft;

/// <summary>The strongest directions of a weight with their signs, as PEFT finds them, in float32.</summary>
internal static class StrongestFactors
{
    /// <summary>Those of LAPACK's decomposition of all of it.</summary>
    /// <returns>U <c>[out, r]</c>, Σ <c>[r]</c> and Vᵀ <c>[r, in]</c>, in the caller's scope.</returns>
    public static (Tensor U, Tensor S, Tensor Vh) OfWhole(Tensor weight, int rank)
    {
        (Tensor u, Tensor s, Tensor vh) = linalg.svd(weight, fullMatrices: false);
        return (u.narrow(1, 0, rank), s.narrow(0, 0, rank), vh.narrow(0, 0, rank));
    }

    /// <summary>Those that powers of W lead random directions to.</summary>
    /// <remarks>PyTorch's <c>svd_lowrank</c> after <c>manual_seed</c>: algorithms 4.4 and 5.1 of Halko, Martinsson and Tropp, arXiv 0909.4061.</remarks>
    /// <param name="weight">W, <c>[out, in]</c>, float32, on the CPU.</param>
    /// <param name="rank">r.</param>
    /// <param name="rounds">Times that W and Wᵀ are applied.</param>
    /// <param name="seed">What the directions at the start are drawn from.</param>
    /// <returns>U <c>[out, r]</c>, Σ <c>[r]</c> and Vᵀ <c>[r, in]</c>, in the caller's scope.</returns>
    public static (Tensor U, Tensor S, Tensor Vh) OfDrawn(Tensor weight, int rank, int rounds, long seed)
    {
        bool isWide = weight.shape[0] < weight.shape[1];
        Tensor tall = isWide ? weight.t() : weight;
        using var numbers = new SeededNumbers(seed);
        Tensor basis = linalg.qr(tall.matmul(numbers.Normal([tall.shape[1], rank], deviation: 1))).Q;
        for (int round = 0; round < rounds; round++)
        {
            basis = linalg.qr(tall.t().matmul(basis)).Q;
            basis = linalg.qr(tall.matmul(basis)).Q;
        }
        (Tensor u, Tensor s, Tensor vh) = linalg.svd(basis.t().matmul(tall), fullMatrices: false);
        u = basis.matmul(u);
        return isWide ? (vh.t(), s, u.t()) : (u, s, vh);
    }
}
