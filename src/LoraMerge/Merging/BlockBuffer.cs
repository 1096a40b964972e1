using LoraMerge.Devices;
using LoraMerge.Planning;
using LoraMerge.Safetensors;
using static TorchSharp.torch;

namespace LoraMerge.Merging;

/// <summary>
/// Memory for one block of one tensor: bytes for files, a torch tensor for arithmetic. Whoever takes it from a pool gives it back or hands it on.
/// </summary>
internal sealed class BlockBuffer : IDisposable
{
    private readonly Tensor _memory;

    public BlockBuffer(DType dtype, long elementCount)
    {
        DType = dtype;
        _memory = empty([elementCount], TorchTypes.Of(dtype)).DetachFromDisposeScope();
    }

    public DType DType { get; }

    public long ElementCount => _memory.NumberOfElements;

    /// <summary>The dtype of buffers for values of a dtype: what is only copied goes through buffers of any.</summary>
    public static DType TypeFor(DType dtype) => OutputDType.IsFloat(dtype) ? dtype : DType.F32;

    /// <summary>All of its memory.</summary>
    public Span<byte> Bytes => _memory.bytes;

    /// <summary>Its first rows as <c>[rows, rowLength]</c>, a view of the same memory; the caller disposes it.</summary>
    public Tensor Rows(long rows, long rowLength)
    {
        using Tensor part = _memory.narrow(0, 0, rows * rowLength);
        return part.view(rows, rowLength);
    }

    public void Dispose() => _memory.Dispose();
}
