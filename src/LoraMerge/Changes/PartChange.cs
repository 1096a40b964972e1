using LoraMerge.Deltas;

namespace LoraMerge.Changes;

/// <summary>The change of a module whose weight the base stores as a part of a larger tensor: one expert's gate within the fused weights of all.</summary>
/// <param name="Change">What happens to the part, as if it were the whole weight.</param>
/// <param name="Place">Where in the tensor the part lies.</param>
internal sealed record PartChange(WeightChange Change, PartPlace Place) : WeightChange(Change.Adapter, Change.Module)
{
    public override string Method => Change.Method + "-part";

    public override double Factor => Change.Factor;

    internal override long? DirectionCount => Change.DirectionCount;

    internal override bool MayCutRows => true;

    /// <summary>Several modules change one tensor, so each is named.</summary>
    public override string Describe(Func<int, string> adapterName) => $"{Change.Describe(adapterName)}, as the part {Module}";

    internal override long HeldBytes(WeightFacts weight) => Change.HeldBytes(PartOf(weight));

    internal override long LoadingBytes(WeightFacts weight) => Change.LoadingBytes(PartOf(weight));

    internal override WeightDelta Load(DeltaInputs inputs) =>
        new PartDelta(Change.Load(inputs with { Weight = PartOf(inputs.Weight) }), Place, inputs.Weight.LastLength);

    private WeightFacts PartOf(WeightFacts weight) => weight with { Shape = [Place.RowCount, Place.ColumnCount] };
}
