using LoraMerge.Checkpoints;
using LoraMerge.Planning;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W + c·(V - W) on a rectangle of W, or on every second column of one: a module that was trained whole and whose weight is stored within a larger tensor.</summary>
/// <remarks>With c = 1 the rectangle is V exactly. V is read block by block, as it may be as large as W.</remarks>
internal sealed class PartReplacementDelta : WeightDelta
{
    private readonly PlannedDelta.PartMovedTowards _planned;
    private readonly TensorFiles _files;
    private readonly long _length;

    /// <param name="planned">V, the rectangle, and c.</param>
    /// <param name="files">Where V is read from; the caller's.</param>
    /// <param name="length">Last dimension of the tensor.</param>
    public PartReplacementDelta(PlannedDelta.PartMovedTowards planned, TensorFiles files, long length)
    {
        _planned = planned;
        _files = files;
        _length = length;
    }

    /// <exception cref="Diagnostics.LoraMergeException">LORA3013.</exception>
    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        PartPlace place = _planned.Place;
        Tensor rows = w.view(-1, _length);
        long first = firstRow * (w.shape[1] / _length);
        long start = Math.Max(first, place.FirstRow);
        long end = Math.Min(first + rows.shape[0], place.FirstRow + place.RowCount);
        if (start >= end)
            return;
        Tensor values = AdapterValues.ReadRows(_planned.Values, start - place.FirstRow, end - start, _files, w.dtype, w.device);
        Tensor part = rows.narrow(0, start - first, end - start).slice(1, place.FirstColumn, place.EndColumn, place.ColumnStep);
        if (_planned.AdapterWeight == 1)
            part.copy_(values);
        else
            part.lerp_(values, _planned.AdapterWeight);
    }

    public override void Dispose() { }
}
