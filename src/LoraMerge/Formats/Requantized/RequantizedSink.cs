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

    private readonly RequantizedBytes _bytes = new(layout);
    private readonly HashedShards _files = new(folder);
    private ShardLayout? _layout;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Hashes => _files.Hashes;

    /// <inheritdoc/>
    public long WrittenByteLength => _files.WrittenByteLength;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double> KeptShares => _bytes.KeptShares;

    /// <inheritdoc/>
    public IEnumerable<MergeEvent> Notes
    {
        get
        {
            if (KeptShares.Count == 0)
                yield break;
            yield return Diagnostics.Notes.DeltasSurvived(KeptShares.Values.Min(), KeptShares.Values.Max(), KeptShares.Count);
            KeyValuePair<string, double>[] lost = [.. KeptShares.Where(pair => pair.Value < LeastShare).OrderBy(pair => pair.Value)];
            if (lost.Length > 0)
                yield return Diagnostics.Notes.DeltaLost(lost[0].Key, lost[0].Value, lost.Length, LeastShare);
        }
    }

    /// <inheritdoc/>
    public void Write(MergedBlocks blocks)
    {
        try
        {
            _bytes.Run(left, blocks, Begin, Write, _ => _files.End());
            _files.Complete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(_files.Place, e);
        }
    }

    public void Dispose() => _files.Dispose();

    private void Begin(PlannedShard shard)
    {
        _layout = layout.LayoutOf(shard.FileName);
        _files.Begin(shard.FileName, _layout);
    }

    private void Write(WrittenTensor tensor, long byteOffset, ReadOnlySpan<byte> bytes)
    {
        if (!_layout!.TryFind(tensor.Tensor.Name, out TensorEntry? entry))
            throw new InvalidOperationException($"'{tensor.Tensor.Name}' is not in '{_files.Place}'.");
        _files.Write(entry, byteOffset, bytes);
    }
}
