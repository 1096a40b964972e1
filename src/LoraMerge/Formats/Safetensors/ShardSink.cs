using System.IO.Hashing;
using LoraMerge.Diagnostics;
using LoraMerge.Merging;
using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge.Formats.Safetensors;

/// <summary>Writes safetensors files.</summary>
internal sealed class ShardSink : IWeightSink
{
    /// <summary>Bytes that are still in the processor's cache when they are hashed after they were copied.</summary>
    private const int CachedLength = 1 << 18;

    private readonly MergePlan _plan;
    private readonly string _folder;
    private readonly SortedDictionary<string, string> _hashes = new(StringComparer.Ordinal);
    private readonly XxHash128 _hash = new();
    private readonly FileCommits _commits = new();
    private int _shard = -1;
    private ShardLayout? _layout;
    private ShardWriter? _writer;

    public ShardSink(MergePlan plan, string folder)
    {
        _plan = plan;
        _folder = folder;
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Hashes => _hashes;

    /// <inheritdoc/>
    public long WrittenByteLength { get; private set; }

    /// <inheritdoc/>
    public void Write(MergedBlocks blocks)
    {
        while (blocks.Next())
            Write(blocks.Current, blocks.Bytes);
        Complete();
    }

    public void Dispose()
    {
        _commits.Dispose();
        _writer?.Dispose();
    }

    private void Write(Block block, ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (_shard < block.Shard)
                Next();
            for (int begin = 0; begin < bytes.Length; begin += CachedLength)
            {
                ReadOnlySpan<byte> piece = bytes.Slice(begin, Math.Min(CachedLength, bytes.Length - begin));
                _writer!.Write(_layout!.Tensors[block.Index], block.ResultOffset + begin, piece);
                _hash.Append(piece);
                WrittenByteLength += piece.Length;
            }
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
            _commits.Complete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(_folder, e);
        }
    }

    private void Next()
    {
        if (_writer is not null)
        {
            _commits.Begin(_writer, _writer.Commit);
            _writer = null;
            _hashes[_plan.Shards[_shard].FileName] = Convert.ToHexStringLower(_hash.GetHashAndReset());
        }
        if (++_shard == _plan.Shards.Length)
            return;
        _layout = _plan.Shards[_shard].Layout();
        _writer = ShardWriter.Create(PathOf(_shard), _layout);
        _hash.Append(_layout.HeaderBytes.Span);
    }

    private string PathOf(int shard) => Path.Combine(_folder, _plan.Shards[shard].FileName);
}
