using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.Road;

/// <summary>R·W or R·b, where R turns pairs of outputs.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Theta">Angles.</param>
/// <param name="Alpha">Lengths.</param>
/// <param name="Variant">How many there are of both.</param>
/// <param name="GroupSize">Outputs of a group.</param>
/// <param name="AdapterWeight">c.</param>
internal sealed record RoadChange(int Adapter, string Module, StoredTensor Theta, StoredTensor Alpha, RoadVariant Variant, int GroupSize, double AdapterWeight)
    : WeightChange(Adapter, Module)
{
    public override string Method => "road";

    public override double Factor => AdapterWeight;

    internal override long RowsTogether => GroupSize;

    internal override WeightDelta Load(DeltaInputs inputs) =>
        new WeightedDelta(RoadDelta.Of(inputs.Read(Theta), inputs.Read(Alpha), Variant, GroupSize), AdapterWeight, GroupSize);
}
