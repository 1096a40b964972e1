using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W + s·ΔW, where ΔW has single numbers at some places and is zero elsewhere. Where a place comes twice, both numbers are added.</summary>
internal sealed class PlacesDelta : WeightDelta
{
    private readonly Tensor _places;
    private readonly Tensor _values;
    private readonly long[] _sorted;
    private readonly double _scaling;

    /// <param name="places">Numbers of elements, counted row by row, <c>[n]</c>, int64, within W.</param>
    /// <param name="values"><c>[n]</c>, dtype of W's buffer.</param>
    /// <param name="scaling">s.</param>
    public PlacesDelta(Tensor places, Tensor values, double scaling)
    {
        using var scope = NewDisposeScope();
        (Tensor unique, Tensor? inverse, _) = places.unique(sorted: true, return_inverse: true);
        Tensor sums = zeros(unique.shape, values.dtype, values.device);
        sums.AddAt(0, inverse!, values);
        _places = unique.DetachFromDisposeScope();
        _values = sums.DetachFromDisposeScope();
        _sorted = unique.cpu().data<long>().ToArray();
        _scaling = scaling;
    }

    public override double? Norm => Math.Abs(_scaling) * RowsNorm.Of(_values);

    public override void ApplyTo(Tensor w, long firstRow)
    {
        long start = firstRow * w.shape[1];
        int first = Below(start), count = Below(start + w.NumberOfElements) - first;
        if (count == 0)
            return;
        using var scope = NewDisposeScope();
        w.view(-1).AddAt(0, _places.narrow(0, first, count).Minus(start), _values.narrow(0, first, count), times: _scaling);
    }

    public override void Dispose()
    {
        _places.Dispose();
        _values.Dispose();
    }

    /// <summary>How many places lie before a number.</summary>
    private int Below(long number)
    {
        int index = Array.BinarySearch(_sorted, number);
        return index < 0 ? ~index : index;
    }
}
