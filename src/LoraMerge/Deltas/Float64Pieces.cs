using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>Widens rows to float64 piece by piece in one reused buffer: fresh memory would cost more than the arithmetic.</summary>
internal sealed class Float64Pieces : IDisposable
{
    private readonly long _elementCount;
    private Tensor? _memory;

    /// <param name="elementCount">Elements of a piece, unless a row is longer.</param>
    public Float64Pieces(long elementCount = PieceSize.Elements) => _elementCount = elementCount;

    /// <summary>
    /// Pieces of <paramref name="w"/> in order, with the number of their first row in it. Each may be written into, and holds until the next is taken.
    /// </summary>
    public IEnumerable<(Tensor Piece, long FirstRow)> Of(Tensor w)
    {
        long step = Math.Max(_elementCount / w.shape[1], 1);
        for (long first = 0; first < w.shape[0]; first += step)
        {
            using var scope = NewDisposeScope();
            Tensor rows = w.narrow(0, first, Math.Min(step, w.shape[0] - first));
            if (rows.dtype != ScalarType.Float64)
            {
                if (_memory is null || _memory.NumberOfElements < rows.NumberOfElements)
                {
                    _memory?.Dispose();
                    _memory = empty(rows.NumberOfElements, ScalarType.Float64, w.device).DetachFromDisposeScope();
                }
                rows = _memory.narrow(0, 0, rows.NumberOfElements).view(rows.shape).copy_(rows);
            }
            yield return (rows, first);
        }
    }

    public void Dispose() => _memory?.Dispose();
}
