using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.Glora;

/// <summary>b + c·(b₀ ⊙ D + E + W₀·C), with b₀ and W₀ bias and weight before all adapters.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Weight">W₀, <c>[out, in]</c>; null where there is no C.</param>
/// <param name="C"><c>[in, 1]</c>; null for none.</param>
/// <param name="D">Factors; null for none.</param>
/// <param name="E">What is added; null for nothing.</param>
/// <param name="AdapterWeight">c.</param>
internal sealed record GloraBiasChange(int Adapter, string Module, TensorSource? Weight, GloraTerm? C, GloraTerm? D, GloraTerm? E, double AdapterWeight)
    : WeightChange(Adapter, Module)
{
    public override string Method => "glora-bias";

    public override double Factor => AdapterWeight;

    internal override WeightDelta Load(DeltaInputs inputs) => GloraDelta.LoadBias(this, inputs);
}
