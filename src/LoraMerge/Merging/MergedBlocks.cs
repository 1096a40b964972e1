namespace LoraMerge.Merging;

/// <summary>The blocks of a merge in the order of its plan, for whoever writes them; one thread takes them, one at a time.</summary>
internal sealed class MergedBlocks : IDisposable
{
    private readonly IEnumerator<Block> _blocks;
    private readonly BufferPool _pool;
    private readonly Action<long>? _progress;
    private readonly CancellationToken _cancellation;
    private Block? _current;

    public MergedBlocks(IEnumerable<Block> blocks, BufferPool pool, Action<long>? progress, CancellationToken cancellation)
    {
        _blocks = blocks.GetEnumerator();
        _pool = pool;
        _progress = progress;
        _cancellation = cancellation;
    }

    /// <summary>The block that was taken last.</summary>
    public Block Current => _current ?? throw new InvalidOperationException("No block was taken, or there are no more.");

    /// <summary>Its values, in the dtype of the plan; until the next one is taken.</summary>
    public ReadOnlySpan<byte> Bytes => Current.Buffer!.Bytes[..Current.ResultLength];

    /// <summary>Takes the next block that has values, and gives back the one before.</summary>
    /// <returns>False after the last.</returns>
    /// <exception cref="OperationCanceledException">The merge was stopped, or has failed.</exception>
    public bool Next()
    {
        Return();
        while (_blocks.MoveNext())
        {
            if (_blocks.Current.Buffer is null)
                continue;
            _current = _blocks.Current;
            return true;
        }
        _cancellation.ThrowIfCancellationRequested(); // an earlier stage that failed ends the blocks, too
        return false;
    }

    /// <summary>Hands all of them on.</summary>
    public void WriteTo(IBlockSink sink)
    {
        while (Next())
            sink.Write(Current.Shard, Current.Index, Current.Tensor, Current.ResultOffset, Bytes);
    }

    public void Dispose() => _blocks.Dispose();

    private void Return()
    {
        if (_current is not Block written)
            return;
        _current = null;
        _pool.Return(written.Buffer!);
        _progress?.Invoke(written.ResultLength);
    }
}
