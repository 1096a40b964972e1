using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Changes;

/// <summary>W + c·(values - W): a parameter that was trained whole, by an adapter with a weight c.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Values">In W's shape.</param>
/// <param name="AdapterWeight">c.</param>
internal sealed record MovedChange(int Adapter, string Module, StoredTensor Values, double AdapterWeight) : WeightChange(Adapter, Module)
{
    public override string Method => "saved";

    public override double Factor => AdapterWeight;

    internal override bool CanBePart => true;

    internal override WeightChange OfRows(long first, long count) => this with { Values = Values.Rows(first, count) };

    internal override WeightDelta Load(DeltaInputs inputs) => new MovedDelta(Values, inputs.Files, AdapterWeight);
}
