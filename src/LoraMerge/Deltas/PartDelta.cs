using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W + s·B·A on a rectangle of W, or on every second column of one: a module whose weight is stored within a larger tensor.</summary>
/// <remarks>The tensor is taken as rows of its last dimension, so that a rectangle may be one expert's gate within <c>[experts, 2·inner, hidden]</c>, or columns of a transposed one.</remarks>
internal sealed class PartDelta : WeightDelta
{
    private readonly LoraDelta _product;
    private readonly long _length;
    private readonly long _firstRow;
    private readonly long _rowCount;
    private readonly long _firstColumn;
    private readonly long _endColumn;
    private readonly long _columnStep;

    /// <param name="product">s·B·A, <c>[rows, columns]</c> of the rectangle; owned by this delta.</param>
    /// <param name="length">Last dimension of the tensor.</param>
    /// <param name="firstRow">First row of the rectangle.</param>
    /// <param name="rowCount">Its rows.</param>
    /// <param name="firstColumn">Its first column.</param>
    /// <param name="columnCount">Its columns.</param>
    /// <param name="columnStep">Their distance.</param>
    public PartDelta(LoraDelta product, long length, long firstRow, long rowCount, long firstColumn, long columnCount, long columnStep)
    {
        _product = product;
        _length = length;
        _firstRow = firstRow;
        _rowCount = rowCount;
        _firstColumn = firstColumn;
        _endColumn = Math.Min(firstColumn + (columnCount * columnStep), length);
        _columnStep = columnStep;
    }

    public override double? Norm => _product.Norm;

    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        Tensor rows = w.view(-1, _length);
        long first = firstRow * (w.shape[1] / _length);
        long start = Math.Max(first, _firstRow);
        long end = Math.Min(first + rows.shape[0], _firstRow + _rowCount);
        if (start < end)
            _product.ApplyTo(rows.narrow(0, start - first, end - start).slice(1, _firstColumn, _endColumn, _columnStep), start - _firstRow);
    }

    public override void Dispose() => _product.Dispose();
}
