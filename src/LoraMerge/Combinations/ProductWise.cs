using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Combinations;

/// <summary>The <c>_svd</c> ways: D = F(D₁, D₂, …) of whole products Dᵢ = sᵢ·Bᵢ·Aᵢ, weighted by wᵢ; then D, cut to a rank.</summary>
/// <remarks>
/// PEFT, <c>LoraModel._svd_generalized_task_arithmetic_weighted_adapter</c>, as it is since 0.21; before, the
/// scaling entered twice (its pull request 3111). F does not keep the rank low, so D is as large as the weight: <see cref="CombinationMemory"/>.
/// </remarks>
internal static class ProductWise
{
    public static (Tensor A, Tensor B) Combine(IReadOnlyList<FactorPair> pairs, ElementwiseWay way, int rank) => Svd.Truncate(
        way(pairs.Select(pair => pair.B.matmul(pair.A).Multiply(pair.Scaling)), [.. pairs.Select(pair => pair.AdapterWeight)], "BA"),
        rank);
}
