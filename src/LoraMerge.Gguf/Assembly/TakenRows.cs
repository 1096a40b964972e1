using LoraMerge.Gguf.Architectures;

namespace LoraMerge.Gguf.Assembly;

/// <summary>Entries of one dimension. Where it is the last one, keeps one row.</summary>
internal sealed class TakenRows : RowView
{
    private readonly RowView _before;
    private readonly Step.Take _take;
    private readonly long _inner; // rows below one entry
    private readonly float[] _row;

    public TakenRows(RowView before, Step.Take take)
        : base(take.ShapeAfter(before.Shape))
    {
        _before = before;
        _take = take;
        _inner = before.Shape.Skip(take.Axis + 1).SkipLast(1).Aggregate(1L, (product, side) => product * side);
        _row = IsOfColumns ? new float[before.RowLength] : [];
    }

    private bool IsOfColumns => _take.Axis == _before.Shape.Length - 1;

    public override void Read(long firstRow, Span<float> destination)
    {
        if (IsOfColumns)
            ReadColumns(firstRow, destination);
        else
            ReadEntries(firstRow, destination);
    }

    private void ReadColumns(long firstRow, Span<float> destination)
    {
        for (int row = 0; row < RowsIn(destination); row++)
        {
            _before.Read(firstRow + row, _row);
            for (int i = 0; i < RowLength; i++)
                destination[(row * RowLength) + i] = _row[_take.Start + (i * _take.By)];
        }
    }

    /// <summary>In runs of rows that lie together before.</summary>
    private void ReadEntries(long firstRow, Span<float> destination)
    {
        long run = _take.By == 1 ? _take.Count * _inner : _inner;
        while (!destination.IsEmpty)
        {
            long entry = firstRow / _inner; // counted over all that is taken
            long outer = entry / _take.Count;
            long source = (((outer * _before.Shape[_take.Axis]) + _take.Start + (entry % _take.Count * _take.By)) * _inner) + (firstRow % _inner);
            int count = (int)Math.Min(RowsIn(destination), run - (firstRow % run));
            _before.Read(source, destination[..(count * RowLength)]);
            destination = destination[(count * RowLength)..];
            firstRow += count;
        }
    }
}
