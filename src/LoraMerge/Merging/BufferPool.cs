using System.Collections.Concurrent;
using LoraMerge.Safetensors;

namespace LoraMerge.Merging;

/// <summary>A fixed number of reused buffers for each dtype; taking one waits until one is free, which is what bounds the memory of a merge.</summary>
/// <remarks>Fresh memory costs more than the arithmetic (a second per gigabyte in page faults), so buffers are made once.</remarks>
internal sealed class BufferPool(int count, long elementCount) : IDisposable
{
    private readonly ConcurrentDictionary<DType, Lazy<BlockingCollection<BlockBuffer>>> _free = new();

    /// <summary>Elements that each buffer holds.</summary>
    public long ElementCount => elementCount;

    public BlockBuffer Take(DType dtype, CancellationToken cancellation) => Free(dtype).Take(cancellation);

    public void Return(BlockBuffer buffer) => Free(buffer.DType).Add(buffer);

    public void Dispose()
    {
        foreach (Lazy<BlockingCollection<BlockBuffer>> free in _free.Values)
        {
            while (free.Value.TryTake(out BlockBuffer? buffer))
                buffer.Dispose();
            free.Value.Dispose();
        }
    }

    private BlockingCollection<BlockBuffer> Free(DType dtype) => _free.GetOrAdd(dtype, static (key, size) => new Lazy<BlockingCollection<BlockBuffer>>(() =>
    {
        var buffers = new BlockingCollection<BlockBuffer>(new ConcurrentQueue<BlockBuffer>());
        for (int i = 0; i < size.Count; i++)
            buffers.Add(new BlockBuffer(key, size.Elements));
        return buffers;
    }), (Count: count, Elements: elementCount)).Value;
}
