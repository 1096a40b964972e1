using LoraMerge.Gguf.Layout;

namespace LoraMerge.Gguf.Assembly;

/// <summary>The rows of a merged tensor itself.</summary>
internal sealed class MergedTensorRows(SourceTensor tensor, MergedRows rows) : RowView(tensor.Shape)
{
    public override void Read(long firstRow, Span<float> destination) => rows(tensor, firstRow, RowsIn(destination), destination);
}
