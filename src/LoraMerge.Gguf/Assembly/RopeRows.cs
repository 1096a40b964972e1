namespace LoraMerge.Gguf.Assembly;

/// <summary>Rows of each head in pairs: its first half and its second half, one by one. Keeps one head.</summary>
internal sealed class RopeRows : RowView
{
    private readonly RowView _before;
    private readonly int _headRows;
    private readonly int _width;
    private readonly float[] _head;
    private float[]? _bias; // all of it: it is one row, and asked for once
    private long _kept = -1;

    public RopeRows(RowView before, long heads)
        : base(before.Shape)
    {
        _before = before;
        _width = before.Shape.Length == 1 ? 1 : RowLength; // of a bias each element is a row
        _headRows = checked((int)(before.Shape[0] / heads));
        _head = new float[_headRows * _width];
    }

    public override void Read(long firstRow, Span<float> destination)
    {
        for (int row = 0; row < destination.Length / _width; row++)
        {
            long wanted = firstRow + row;
            KeepHead(wanted / _headRows);
            int place = (int)(wanted % _headRows);
            int source = (place % 2 * (_headRows / 2)) + (place / 2);
            _head.AsSpan(source * _width, _width).CopyTo(destination[(row * _width)..]);
        }
    }

    private void KeepHead(long head)
    {
        if (head == _kept)
            return;
        if (_before.Shape.Length > 1)
        {
            _before.Read(head * _headRows, _head);
        }
        else
        {
            if (_bias is null)
                _before.Read(0, _bias = new float[RowLength]);
            _bias.AsSpan((int)head * _headRows, _headRows).CopyTo(_head);
        }

        _kept = head;
    }
}
