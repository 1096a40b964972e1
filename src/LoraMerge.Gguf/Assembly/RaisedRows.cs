namespace LoraMerge.Gguf.Assembly;

/// <summary>A number is added to each element.</summary>
internal sealed class RaisedRows(RowView before, float value) : RowView(before.Shape)
{
    public override void Read(long firstRow, Span<float> destination)
    {
        before.Read(firstRow, destination);
        foreach (ref float element in destination)
            element += value;
    }
}
