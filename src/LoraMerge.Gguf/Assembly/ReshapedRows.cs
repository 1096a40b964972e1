using System.Collections.Immutable;

namespace LoraMerge.Gguf.Assembly;

/// <summary>The same elements in other dimensions. Keeps the whole tensor where its rows become longer or shorter, which only lists do.</summary>
internal sealed class ReshapedRows : RowView
{
    private readonly RowView _before;
    private readonly float[]? _kept;

    public ReshapedRows(RowView before, ImmutableArray<long> shape)
        : base(shape)
    {
        bool isSame = RowLength == before.RowLength && RowCount == before.RowCount;
        if (!isSame && (before.Shape.Length != 1 || RowCount * RowLength != before.RowLength))
            throw new ArgumentException($"[{string.Join(", ", shape)}] has other rows than [{string.Join(", ", before.Shape)}].", nameof(shape));
        _before = before;
        _kept = isSame ? null : new float[before.RowLength];
    }

    public override void Read(long firstRow, Span<float> destination)
    {
        if (_kept is null)
        {
            _before.Read(firstRow, destination);
            return;
        }

        if (firstRow == 0)
            _before.Read(0, _kept);
        _kept.AsSpan((int)firstRow * RowLength, destination.Length).CopyTo(destination);
    }
}
