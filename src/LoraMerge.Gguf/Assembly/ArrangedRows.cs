using LoraMerge.Gguf.Architectures;

namespace LoraMerge.Gguf.Assembly;

/// <summary>Rows or columns in another order. Keeps the whole tensor where rows change places, one row where columns do.</summary>
internal sealed class ArrangedRows : RowView
{
    private readonly RowView _before;
    private readonly Step.Arrange _order;
    private readonly long _inner; // rows below one entry
    private float[]? _kept;

    public ArrangedRows(RowView before, Step.Arrange order)
        : base(order.ShapeAfter(before.Shape))
    {
        _before = before;
        _order = order;
        _inner = before.Shape.Skip(1).SkipLast(1).Aggregate(1L, (product, side) => product * side);
        if (order.Axis != 0 && !IsOfColumns)
            throw new ArgumentException($"Dimension {order.Axis} is neither rows nor columns.", nameof(order));
    }

    private bool IsOfColumns => _order.Axis == _before.Shape.Length - 1;

    public override void Read(long firstRow, Span<float> destination)
    {
        if (!IsOfColumns)
        {
            ReadRows(firstRow, destination);
            return;
        }

        _kept ??= new float[_before.RowLength];
        for (int row = 0; row < RowsIn(destination); row++)
        {
            _before.Read(firstRow + row, _kept);
            int column = row * RowLength;
            foreach ((long start, long count) in _order.Parts)
            {
                _kept.AsSpan((int)start, (int)count).CopyTo(destination[column..]);
                column += (int)count;
            }
        }
    }

    private void ReadRows(long firstRow, Span<float> destination)
    {
        if (_kept is null)
            _before.Read(0, _kept = new float[checked(_before.RowCount * RowLength)]);
        long begin = 0; // of a run, in rows of the result
        foreach ((long start, long count) in _order.Parts)
        {
            long skipped = firstRow - begin;
            int taken = (int)Math.Min((count * _inner) - skipped, RowsIn(destination));
            begin += count * _inner;
            if (taken <= 0)
                continue;
            _kept.AsSpan(checked((int)(((start * _inner) + skipped) * RowLength)), taken * RowLength).CopyTo(destination);
            destination = destination[(taken * RowLength)..];
            firstRow += taken;
        }
    }
}
