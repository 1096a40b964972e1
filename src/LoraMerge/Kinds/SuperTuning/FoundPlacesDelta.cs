using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.SuperTuning;

/// <summary>Numbers added at the places of the largest, or the least, numbers of the base.</summary>
/// <remarks>
/// Super-Tuning, arXiv 2607.09287; PEFT, <c>SupertuningLayer.update_layer</c>: the order of the places is that of torch's <c>topk</c> of the absolute values,
/// which depends on nothing but how they compare.
/// Memory: the absolute values, and twice as much with their places while they are sorted.
/// </remarks>
internal sealed class FoundPlacesDelta : WeightDelta
{
    private readonly Tensor _values;
    private readonly bool _selectsLeast;
    private readonly double _adapterWeight;
    private Tensor? _sizes;
    private PlacesDelta? _found;

    /// <param name="change">What is done.</param>
    /// <param name="inputs">Where its tensors are read from.</param>
    public FoundPlacesDelta(SuperTuningChange change, DeltaInputs inputs)
    {
        _values = inputs.ReadVector(change.Values);
        _selectsLeast = change.SelectsLeast;
        _adapterWeight = change.AdapterWeight;
        _sizes = empty([inputs.Weight.RowCount, inputs.Weight.RowLength], inputs.DType).DetachFromDisposeScope();
    }

    /// <summary>The same for places that the adapter holds.</summary>
    public static WeightDelta OfStored(SuperTuningChange change, DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        return new PlacesDelta(inputs.ReadIndices(change.Places!, inputs.Weight.ElementCount), inputs.Read(change.Values), change.AdapterWeight);
    }

    public override int PassCount => 1;

    public override bool ObservesSource => true;

    public override double? Norm => _found?.Norm;

    public override void Observe(int pass, Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        _sizes!.narrow(0, firstRow, w.shape[0]).copy_(w.abs());
    }

    public override void EndPass(int pass)
    {
        using var scope = NewDisposeScope();
        (_, Tensor places) = _sizes!.flatten().topk(checked((int)_values.shape[0]), largest: !_selectsLeast);
        _sizes!.Dispose();
        _sizes = null;
        _found = new PlacesDelta(places.to(_values.device), _values, _adapterWeight);
    }

    public override void ApplyTo(Tensor w, long firstRow) => _found!.ApplyTo(w, firstRow);

    public override void Dispose()
    {
        _values.Dispose();
        _sizes?.Dispose();
        _found?.Dispose();
    }
}
