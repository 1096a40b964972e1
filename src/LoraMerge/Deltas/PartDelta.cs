using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>
/// A change of a rectangle of W, or on every second column of one, as if that were the whole weight: a module whose weight is stored within a larger tensor.
/// </summary>
/// <remarks>The tensor is taken as rows of its last dimension, so that a rectangle may be one expert's gate within <c>[experts, 2·inner, hidden]</c>, or
/// columns of a transposed one.</remarks>
internal sealed class PartDelta : WeightDelta
{
    private readonly WeightDelta _change;
    private readonly PartPlace _place;
    private readonly long _length;

    /// <param name="change">Of a weight <c>[rows, columns]</c> of the rectangle, which it need not see before; owned by this delta.</param>
    /// <param name="place">The rectangle.</param>
    /// <param name="length">Last dimension of the tensor.</param>
    public PartDelta(WeightDelta change, PartPlace place, long length)
    {
        _change = change;
        _place = place;
        _length = length;
    }

    public override double? Norm => _change.Norm;

    public override void ApplyTo(Tensor w, long firstRow) => ApplyTo(w, w, firstRow);

    public override void ApplyTo(Tensor w, Tensor source, long firstRow)
    {
        using var scope = NewDisposeScope();
        long first = firstRow * (w.shape[1] / _length);
        long start = Math.Max(first, _place.FirstRow);
        long end = Math.Min(first + (w.NumberOfElements / _length), _place.FirstRow + _place.RowCount);
        if (start < end)
            _change.ApplyTo(Part(w), Part(source), start - _place.FirstRow);

        Tensor Part(Tensor whole) =>
            whole.view(-1, _length).narrow(0, start - first, end - start).slice(1, _place.FirstColumn, _place.EndColumn, _place.ColumnStep);
    }

    public override void Dispose() => _change.Dispose();
}
