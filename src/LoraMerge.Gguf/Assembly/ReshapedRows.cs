using System.Collections.Immutable;

namespace LoraMerge.Gguf.Assembly;

/// <summary>Other dimensions around the same rows.</summary>
internal sealed class ReshapedRows : RowView
{
    private readonly RowView _before;

    public ReshapedRows(RowView before, ImmutableArray<long> shape)
        : base(shape)
    {
        if (RowLength != before.RowLength || RowCount != before.RowCount)
            throw new ArgumentException($"[{string.Join(", ", shape)}] has other rows than [{string.Join(", ", before.Shape)}].", nameof(shape));
        _before = before;
    }

    public override void Read(long firstRow, Span<float> destination) => _before.Read(firstRow, destination);
}
