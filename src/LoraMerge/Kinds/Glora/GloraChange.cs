using LoraMerge.Changes;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.Glora;

/// <summary>W + c·(W₀ ⊙ A + B), with W₀ the weight before all adapters.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="A">Factors; null for none.</param>
/// <param name="B">What is added; null for nothing.</param>
/// <param name="AdapterWeight">c.</param>
internal sealed record GloraChange(int Adapter, string Module, GloraTerm? A, GloraTerm? B, double AdapterWeight) : WeightChange(Adapter, Module)
{
    public override string Method => "glora";

    public override double Factor => AdapterWeight;

    internal override WeightDelta Load(DeltaInputs inputs) => GloraDelta.Load(A, B, AdapterWeight, inputs);
}
