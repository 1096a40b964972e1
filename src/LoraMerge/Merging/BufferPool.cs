using System.Collections.Concurrent;
using LoraMerge.Safetensors;

namespace LoraMerge.Merging;

/// <summary>A fixed number of reused buffers for each dtype; taking one waits until one is free, which is what bounds the memory of a merge.</summary>
/// <remarks>Fresh memory costs more than the arithmetic (a second per gigabyte in page faults), so buffers are made once.</remarks>
internal sealed class BufferPool(int count, Func<DType, long> elementsOf) : IDisposable
{
    private readonly ConcurrentDictionary<DType, Lazy<BlockingCollection<BlockBuffer>>> _free = new();
    private readonly ConcurrentBag<BlockBuffer> _all = [];

    public BlockBuffer Take(DType dtype, CancellationToken cancellation) => Free(dtype).Take(cancellation);

    public void Return(BlockBuffer buffer) => Free(buffer.DType).Add(buffer);

    /// <summary>All buffers, also those that a fault kept from coming back. Nobody uses one any more.</summary>
    public void Dispose()
    {
        foreach (BlockBuffer buffer in _all)
            buffer.Dispose();
        foreach (Lazy<BlockingCollection<BlockBuffer>> free in _free.Values)
            free.Value.Dispose();
    }

    private BlockingCollection<BlockBuffer> Free(DType dtype) =>
        _free.GetOrAdd(dtype, static (key, pool) => new Lazy<BlockingCollection<BlockBuffer>>(() => pool.Make(key)), this).Value;

    private BlockingCollection<BlockBuffer> Make(DType dtype)
    {
        var buffers = new BlockingCollection<BlockBuffer>(new ConcurrentQueue<BlockBuffer>());
        for (int i = 0; i < count; i++)
        {
            var buffer = new BlockBuffer(dtype, elementsOf(dtype));
            _all.Add(buffer);
            buffers.Add(buffer);
        }
        return buffers;
    }
}
