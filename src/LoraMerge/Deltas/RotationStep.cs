using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>One rotation of the columns of W: X′ = X·P·diag(blocks)·Pᵀ.</summary>
/// <param name="blocks">Square blocks along the diagonal, <c>[blocks, n, n]</c>, float64; owned by this object.</param>
/// <param name="order">P: column c of X·P is column order[c] of X, <c>[columns]</c>, int64; null for the identity. Owned by this object.</param>
internal sealed class RotationStep(Tensor blocks, Tensor? order = null) : IDisposable
{
    private readonly Tensor? _back = order?.argsort().DetachFromDisposeScope();

    /// <param name="x"><c>[rows, columns]</c>, float64.</param>
    /// <returns>A tensor of the same shape, in the caller's scope.</returns>
    public Tensor Apply(Tensor x)
    {
        using var scope = NewDisposeScope();
        (long rows, long count, long size) = (x.shape[0], blocks.shape[0], blocks.shape[1]);
        Tensor ordered = order is null ? x : x.index_select(1, order);
        Tensor turned = ordered.view(rows, count, size).transpose(0, 1).matmul(blocks).transpose(0, 1).reshape(rows, count * size);
        return (_back is null ? turned : turned.index_select(1, _back)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        blocks.Dispose();
        order?.Dispose();
        _back?.Dispose();
    }
}
