using LoraMerge.Diagnostics;
using LoraMerge.Merging;
using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge.Formats.Safetensors;

/// <summary>Writes safetensors files.</summary>
internal sealed class ShardSink : IWeightSink
{
    private readonly MergePlan _plan;
    private readonly string _folder;
    private readonly HashedShards _files;
    private int _shard = -1;
    private ShardLayout? _layout;

    public ShardSink(MergePlan plan, string folder)
    {
        _plan = plan;
        _folder = folder;
        _files = new HashedShards(folder);
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Hashes => _files.Hashes;

    /// <inheritdoc/>
    public long WrittenByteLength => _files.WrittenByteLength;

    /// <inheritdoc/>
    public void Write(MergedBlocks blocks)
    {
        while (blocks.Next())
            Write(blocks.Current, blocks.Bytes);
        Complete();
    }

    public void Dispose() => _files.Dispose();

    private void Write(Block block, ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (_shard < block.Shard)
                Next();
            _files.Write(_layout!.Tensors[block.Index], block.ResultOffset, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(PathOf(block.Shard), e);
        }
    }

    /// <summary>Commits the last file; files without any byte of tensors are written too.</summary>
    private void Complete()
    {
        try
        {
            while (_shard < _plan.Shards.Length)
                Next();
            _files.Complete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(_folder, e);
        }
    }

    private void Next()
    {
        if (_shard >= 0)
            _files.End();
        if (++_shard == _plan.Shards.Length)
            return;
        _layout = _plan.Shards[_shard].Layout();
        _files.Begin(_plan.Shards[_shard].FileName, _layout);
    }

    private string PathOf(int shard) => Path.Combine(_folder, _plan.Shards[shard].FileName);
}
