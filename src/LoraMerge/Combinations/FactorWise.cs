using static TorchSharp.torch;

namespace LoraMerge.Combinations;

/// <summary>
/// A′ = F(A₁, A₂, …) and B′ = F(B₁, B₂, …), each on its own: with gᵢ = wᵢ·sᵢ, A is weighted by sign(gᵢ)·√|gᵢ| and B by √|gᵢ|.
/// B′·A′ has cross terms: for the linear way Σᵢ Σⱼ √|gᵢ|·sign(gⱼ)·√|gⱼ|·Bᵢ·Aⱼ, and not Σ gᵢ·Bᵢ·Aᵢ.
/// </summary>
/// <remarks>PEFT, <c>LoraModel._generalized_task_arithmetic_weighted_adapter</c>; the cross terms are its issue 3004. All A's have one rank.</remarks>
internal static class FactorWise
{
    public static (Tensor A, Tensor B) Combine(IReadOnlyList<FactorPair> pairs, ElementwiseWay way)
    {
        double[] ofB = [.. pairs.Select(pair => Math.Sqrt(Math.Abs(pair.AdapterWeight * pair.Scaling)))];
        // The sign stands on one side only: on both it would cancel.
        double[] ofA = [.. pairs.Select((pair, i) => pair.AdapterWeight * pair.Scaling >= 0 ? ofB[i] : -ofB[i])];
        return (way(pairs.Select(pair => pair.A), ofA, "A"), way(pairs.Select(pair => pair.B), ofB, "B"));
    }
}
