using System.IO.Hashing;
using LoraMerge.Diagnostics;
using LoraMerge.Merging;
using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge.Formats.Requantized;

/// <summary>Writes safetensors files that stay quantised.</summary>
internal sealed class RequantizedSink(RequantizedLayout layout, MergePlan left, string folder) : IWeightSink
{
    /// <summary>Below this share of a delta, what was trained is felt to be missing.</summary>
    private const double LeastShare = 0.9;

    /// <summary>Bytes that are still in the processor's cache when they are hashed after they were copied.</summary>
    private const int CachedLength = 1 << 18;

    private readonly SortedDictionary<string, string> _hashes = new(StringComparer.Ordinal);
    private readonly XxHash128 _hash = new();
    private readonly FileCommits _commits = new();
    private readonly RequantizedBytes _bytes = new(layout);
    private ShardWriter? _writer;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Hashes => _hashes;

    /// <inheritdoc/>
    public long WrittenByteLength { get; private set; }

    /// <inheritdoc/>
    public IEnumerable<MergeEvent> Notes
    {
        get
        {
            if (_bytes.Survived.Count == 0)
                yield break;
            yield return Diagnostics.Notes.DeltasSurvived(_bytes.Survived.Values.Min(), _bytes.Survived.Values.Max(), _bytes.Survived.Count);
            KeyValuePair<string, double>[] lost = [.. _bytes.Survived.Where(pair => pair.Value < LeastShare).OrderBy(pair => pair.Value)];
            if (lost.Length > 0)
                yield return Diagnostics.Notes.DeltaLost(lost[0].Key, lost[0].Value, lost.Length, LeastShare);
        }
    }

    /// <inheritdoc/>
    public void Write(MergedBlocks blocks)
    {
        try
        {
            _bytes.Run(left, blocks, Begin, Write, End);
            _commits.Complete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(_writer?.Path ?? folder, e);
        }
    }

    public void Dispose()
    {
        _commits.Dispose();
        _writer?.Dispose();
    }

    private void Begin(PlannedShard shard)
    {
        ShardLayout file = layout.LayoutOf(shard.FileName);
        _writer = ShardWriter.Create(Path.Combine(folder, shard.FileName), file);
        _hash.Append(file.HeaderBytes.Span);
    }

    private void Write(WrittenTensor tensor, long byteOffset, ReadOnlySpan<byte> bytes)
    {
        if (!_writer!.Layout.TryFind(tensor.Tensor.Name, out TensorEntry? entry))
            throw new InvalidOperationException($"'{tensor.Tensor.Name}' is not in '{_writer.Path}'.");
        for (int begin = 0; begin < bytes.Length; begin += CachedLength)
        {
            ReadOnlySpan<byte> piece = bytes.Slice(begin, Math.Min(CachedLength, bytes.Length - begin));
            _writer.Write(entry, byteOffset + begin, piece);
            _hash.Append(piece);
            WrittenByteLength += piece.Length;
        }
    }

    private void End(PlannedShard shard)
    {
        _commits.Begin(_writer!, _writer!.Commit);
        _writer = null;
        _hashes[shard.FileName] = Convert.ToHexStringLower(_hash.GetHashAndReset());
    }
}
