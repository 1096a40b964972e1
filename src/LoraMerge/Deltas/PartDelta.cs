using LoraMerge.Planning;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W + s·B·A on a rectangle of W, or on every second column of one: a module whose weight is stored within a larger tensor.</summary>
/// <remarks>The tensor is taken as rows of its last dimension, so that a rectangle may be one expert's gate within <c>[experts, 2·inner, hidden]</c>, or columns of a transposed one.</remarks>
internal sealed class PartDelta : WeightDelta
{
    private readonly LoraDelta _product;
    private readonly PartPlace _place;
    private readonly long _length;

    /// <param name="product">s·B·A, <c>[rows, columns]</c> of the rectangle; owned by this delta.</param>
    /// <param name="place">The rectangle.</param>
    /// <param name="length">Last dimension of the tensor.</param>
    public PartDelta(LoraDelta product, PartPlace place, long length)
    {
        _product = product;
        _place = place;
        _length = length;
    }

    public override double? Norm => _product.Norm;

    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        Tensor rows = w.view(-1, _length);
        long first = firstRow * (w.shape[1] / _length);
        long start = Math.Max(first, _place.FirstRow);
        long end = Math.Min(first + rows.shape[0], _place.FirstRow + _place.RowCount);
        if (start < end)
            _product.ApplyTo(rows.narrow(0, start - first, end - start).slice(1, _place.FirstColumn, _place.EndColumn, _place.ColumnStep), start - _place.FirstRow);
    }

    public override void Dispose() => _product.Dispose();
}
