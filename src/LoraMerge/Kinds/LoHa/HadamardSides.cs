using LoraMerge.Changes;

namespace LoraMerge.Kinds.LoHa;

/// <summary>The two products whose elements are multiplied: (B₁·A₁) ⊙ (B₂·A₂).</summary>
/// <param name="FirstB"><c>[out, r]</c>.</param>
/// <param name="FirstA"><c>[r, in]</c>, of convolutions with the kernels flattened.</param>
/// <param name="SecondB"><c>[out, r]</c>.</param>
/// <param name="SecondA"><c>[r, in]</c>.</param>
internal sealed record HadamardSides(LowRankFactor FirstB, LowRankFactor FirstA, LowRankFactor SecondB, LowRankFactor SecondA);
