using LoraMerge.Checkpoints;
using LoraMerge.Devices;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>Reads rows of an adapter's tensor that may be as large as the weight: piece by piece, in one reused buffer.</summary>
internal sealed class AdapterPieces : IDisposable
{
    private readonly TensorSource _stored;
    private readonly TensorFiles _files;
    private readonly long _step;
    private Tensor? _memory;

    /// <param name="stored">The tensor.</param>
    /// <param name="files">Where it is read from; the caller's.</param>
    public AdapterPieces(TensorSource stored, TensorFiles files)
    {
        _stored = stored;
        _files = files;
        _step = Math.Max(PieceSize.Elements / Math.Max(stored.RowLength, 1), 1);
    }

    /// <summary>
    /// The values of some rows, widened to a dtype, as <c>[rows, row length]</c>, with the number of their first row among those asked for. Each piece holds
    /// until the next is taken.
    /// </summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA3013.</exception>
    public IEnumerable<(Tensor Values, long FirstRow)> Of(long firstRow, long count, ScalarType dtype, Device device)
    {
        for (long first = 0; first < count; first += _step)
        {
            using var scope = NewDisposeScope();
            long rows = Math.Min(_step, count - first);
            long start = (firstRow + first) * _stored.RowLength;
            _memory ??= empty(Math.Min(_step * _stored.RowLength, _stored.ElementCount), TorchTypes.Of(_stored.DType)).DetachFromDisposeScope();
            Tensor raw = _memory.narrow(0, 0, rows * _stored.RowLength);
            _stored.ReadInto(_files, start, _memory.bytes[..checked((int)(raw.NumberOfElements * raw.ElementSize))]);
            AdapterValues.ThrowIfNotFinite(raw, _stored, start);
            yield return (raw.view(rows, _stored.RowLength).to(dtype).to(device), first);
        }
    }

    public void Dispose() => _memory?.Dispose();
}
