namespace LoraMerge.Gguf.Assembly;

/// <summary>A matrix with rows of zeros behind its last one.</summary>
internal sealed class PaddedRows(RowView before, long rows) : RowView([rows, before.Shape[1]])
{
    public override void Read(long firstRow, Span<float> destination)
    {
        int stored = (int)Math.Clamp(before.RowCount - firstRow, 0, RowsIn(destination));
        if (stored > 0)
            before.Read(firstRow, destination[..(stored * RowLength)]);
        destination[(stored * RowLength)..].Clear();
    }
}
