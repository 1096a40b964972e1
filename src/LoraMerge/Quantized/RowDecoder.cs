namespace LoraMerge.Quantized;

/// <summary>A decoder that makes whole rows; of a row that is asked for in part, it keeps the rest.</summary>
/// <param name="rowLength">Values in a row.</param>
internal abstract class RowDecoder(int rowLength) : WeightDecoder
{
    private long _keptRow = -1;
    private Array _kept = Array.Empty<float>();

    protected int RowLength => rowLength;

    public sealed override void Decode<T>(long firstElement, Span<T> destination)
    {
        while (!destination.IsEmpty)
        {
            (long row, int column) = ((long, int))Math.DivRem(firstElement, rowLength);
            int taken;
            if (column == 0 && destination.Length >= rowLength)
            {
                int rows = destination.Length / rowLength;
                taken = rows * rowLength;
                DecodeRows(row, rows, destination[..taken]);
            }
            else
            {
                taken = Math.Min(rowLength - column, destination.Length);
                Row<T>(row).AsSpan(column, taken).CopyTo(destination);
            }
            firstElement += taken;
            destination = destination[taken..];
        }
    }

    /// <summary>Makes some rows.</summary>
    protected abstract void DecodeRows<T>(long firstRow, int rows, Span<T> destination)
        where T : unmanaged;

    private T[] Row<T>(long row)
        where T : unmanaged
    {
        if (_kept is not T[] kept || kept.Length == 0)
            _kept = kept = new T[rowLength];
        else if (_keptRow == row)
            return kept;
        _keptRow = -1;
        DecodeRows<T>(row, 1, kept);
        _keptRow = row;
        return kept;
    }
}
