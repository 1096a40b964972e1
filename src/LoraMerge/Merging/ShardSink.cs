using System.IO.Hashing;
using LoraMerge.Diagnostics;
using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge.Merging;

/// <summary>Writes the weight files of a merged model into a folder, one after another, and hashes them on the way.</summary>
internal sealed class ShardSink : IBlockSink, IDisposable
{
    /// <summary>Bytes that are still in the processor's cache when they are hashed after they were copied.</summary>
    private const int CachedLength = 1 << 18;

    private readonly MergePlan _plan;
    private readonly string _folder;
    private readonly SortedDictionary<string, string> _hashes = new(StringComparer.Ordinal);
    private readonly XxHash128 _hash = new();
    private int _shard = -1;
    private ShardLayout? _layout;
    private ShardWriter? _writer;
    private Task _committing = Task.CompletedTask; // of the file before

    public ShardSink(MergePlan plan, string folder)
    {
        _plan = plan;
        _folder = folder;
    }

    /// <summary>File name and XxHash128 of each file; complete after <see cref="Complete"/>.</summary>
    public IReadOnlyDictionary<string, string> Hashes => _hashes;

    /// <summary>Bytes of tensors that were written.</summary>
    public long WrittenByteLength { get; private set; }

    /// <exception cref="LoraMergeException">LORA1109, LORA5020.</exception>
    public void Write(int shard, int index, PlannedTensor tensor, long byteOffset, ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (_shard < shard)
                Next();
            for (int begin = 0; begin < bytes.Length; begin += CachedLength)
            {
                ReadOnlySpan<byte> piece = bytes.Slice(begin, Math.Min(CachedLength, bytes.Length - begin));
                _writer!.Write(_layout!.Tensors[index], byteOffset + begin, piece);
                _hash.Append(piece);
                WrittenByteLength += piece.Length;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(PathOf(shard), e);
        }
    }

    /// <summary>Commits the last file; files without any byte of tensors are written too.</summary>
    /// <exception cref="LoraMergeException">LORA1109, LORA5020.</exception>
    public void Complete()
    {
        try
        {
            while (_shard < _plan.Shards.Length)
                Next();
            _committing.GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(_folder, e);
        }
    }

    public void Dispose()
    {
        Task.WaitAny(_committing);
        _writer?.Dispose();
    }

    private void Next()
    {
        if (_writer is not null)
        {
            _committing.GetAwaiter().GetResult();
            _committing = CommitBeside(_writer);
            _writer = null;
            _hashes[_plan.Shards[_shard].FileName] = Convert.ToHexStringLower(_hash.GetHashAndReset());
        }
        if (++_shard == _plan.Shards.Length)
            return;
        _layout = _plan.Shards[_shard].Layout();
        _writer = ShardWriter.Create(PathOf(_shard), _layout);
        _hash.Append(_layout.HeaderBytes.Span);
    }

    /// <summary>The disk takes its time to flush a file; the next one is written meanwhile.</summary>
    private static Task CommitBeside(ShardWriter writer) => Task.Run(() =>
    {
        using (writer)
            writer.Commit();
    });

    private string PathOf(int shard) => Path.Combine(_folder, _plan.Shards[shard].FileName);
}
