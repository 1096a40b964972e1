using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Combinations;

/// <summary>A′ = [g₁·A₁; g₂·A₂; …] and B′ = [B₁, B₂, …] with gᵢ = wᵢ·sᵢ, so that B′·A′ = Σ gᵢ·Bᵢ·Aᵢ: the sum of the changes, in rank Σ rᵢ.</summary>
/// <remarks>
/// PEFT, <c>LoraModel.add_weighted_adapter</c>, type <c>cat</c>, which rounds A′ and B′ to the base's dtype; here they stay as wide as they are.
/// </remarks>
internal static class Cat
{
    /// <summary>A′ <c>[Σ r, in]</c> and B′ <c>[out, Σ r]</c>.</summary>
    public static (Tensor A, Tensor B) Combine(IReadOnlyList<FactorPair> pairs) =>
        (cat([.. pairs.Select(pair => pair.A.Times(pair.AdapterWeight * pair.Scaling))], 0), cat([.. pairs.Select(pair => pair.B)], 1));
}
