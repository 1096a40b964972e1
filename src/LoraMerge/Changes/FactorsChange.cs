using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Changes;

/// <summary>f ⊙ W: each output or each input times a trained factor.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Name">What the manifest calls the kind of change.</param>
/// <param name="Factors">f, one number for each row of W, or for each column; of a convolution's inputs one for all elements of a kernel.</param>
/// <param name="IsByColumn">Whether they belong to columns.</param>
/// <param name="AdapterWeight">c, which takes W + c·(f ⊙ W - W).</param>
internal sealed record FactorsChange(int Adapter, string Module, string Name, StoredTensor Factors, bool IsByColumn, double AdapterWeight)
    : WeightChange(Adapter, Module)
{
    public override string Method => IsByColumn ? Name + "-by-column" : Name;

    public override double Factor => AdapterWeight;

    internal override WeightDelta Load(DeltaInputs inputs) => new FactorsDelta(inputs.ReadVector(Factors), IsByColumn, AdapterWeight);
}
