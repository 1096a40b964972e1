using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.Frod;

/// <summary>W + c·(U·(S + diag(λ))·Vᵀ - W₀), with W₀ the weight before all adapters and U what V leaves of it.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Directions">V, <c>[in, in]</c>.</param>
/// <param name="Diagonal">λ, <c>[in]</c>.</param>
/// <param name="Values">Numbers of S, <c>[n]</c>.</param>
/// <param name="Places"><c>[2, n]</c>: their rows and columns.</param>
/// <param name="IsTransposed">Whether the base stores <c>[in, out]</c>.</param>
/// <param name="AdapterWeight">c.</param>
internal sealed record FrodChange(
    int Adapter,
    string Module,
    StoredTensor Directions,
    StoredTensor Diagonal,
    StoredTensor Values,
    StoredTensor Places,
    bool IsTransposed,
    double AdapterWeight
) : WeightChange(Adapter, Module)
{
    public override string Method => IsTransposed ? "frod-transposed" : "frod";

    public override double Factor => AdapterWeight;

    internal override bool SeesWholeFirst => true;

    /// <summary>V, its inverse and what is made of them, and X, in float64.</summary>
    internal override long HeldBytes(WeightFacts weight) => checked(8 * ((5 * Diagonal.ElementCount * Diagonal.ElementCount) + weight.ElementCount));

    internal override WeightDelta Load(DeltaInputs inputs) => new FrodDelta(this, inputs);
}
