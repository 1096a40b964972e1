using System.Collections.Immutable;

namespace LoraMerge.Gguf.Assembly;

/// <summary>Tensors of one shape behind each other.</summary>
internal sealed class StackedRows(ImmutableArray<RowView> parts) : RowView([parts.Length, .. parts[0].Shape])
{
    public override void Read(long firstRow, Span<float> destination)
    {
        while (!destination.IsEmpty)
        {
            RowView part = parts[(int)(firstRow / parts[0].RowCount)];
            long row = firstRow % part.RowCount;
            int count = (int)Math.Min(RowsIn(destination), part.RowCount - row);
            part.Read(row, destination[..(count * RowLength)]);
            destination = destination[(count * RowLength)..];
            firstRow += count;
        }
    }
}
