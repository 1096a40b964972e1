using System.Collections.Immutable;
using LoraMerge.Checkpoints;

namespace LoraMerge.Planning;

/// <summary>Deals the tensors of the result out to weight files.</summary>
internal static class ShardPlanner
{
    /// <summary>What transformers asks of a header before it loads a file.</summary>
    private static readonly ImmutableDictionary<string, string> DefaultMetadata = ImmutableDictionary<string, string>.Empty.Add("format", "pt");

    /// <summary>The base's own files, new tensors in the last; or files of at most <paramref name="maxShardSize"/> bytes of tensors, filled in order.</summary>
    public static ImmutableArray<PlannedShard> Plan(
        Checkpoint checkpoint, IEnumerable<(string Shard, PlannedTensor Tensor)> baseTensors, IEnumerable<PlannedTensor> newTensors, long? maxShardSize)
    {
        if (maxShardSize is long limit)
            return Fill([.. baseTensors.Select(pair => pair.Tensor), .. newTensors], limit);
        ILookup<string, PlannedTensor> byShard = baseTensors.ToLookup(pair => pair.Shard, pair => pair.Tensor, StringComparer.Ordinal);
        ImmutableArray<PlannedShard> shards =
        [
            .. checkpoint.Shards.Select(shard => new PlannedShard(shard.MergedFileName, [.. byShard[shard.FileName]], WithFormat(OfPlain(checkpoint, shard)))),
        ];
        // A file of a quantised base may hold nothing but scales.
        if (checkpoint.Form is not null)
            shards = shards.RemoveAll(shard => shard.Tensors.IsEmpty);
        PlannedShard last = shards[^1];
        return shards.SetItem(shards.Length - 1, last with { Tensors = [.. last.Tensors, .. newTensors] });
    }

    private static ImmutableArray<PlannedShard> Fill(ImmutableArray<PlannedTensor> tensors, long limit)
    {
        var groups = new List<List<PlannedTensor>> { new() };
        long filled = 0;
        foreach (PlannedTensor tensor in tensors)
        {
            if (filled > 0 && filled + tensor.ByteLength > limit)
            {
                groups.Add([]);
                filled = 0;
            }
            groups[^1].Add(tensor);
            filled += tensor.ByteLength;
        }
        return [.. groups.Select((group, i) => new PlannedShard(Shard.NameOf(i, groups.Count), [.. group], DefaultMetadata))];
    }

    /// <summary>The metadata of a header, with what transformers asks for.</summary>
    internal static ImmutableDictionary<string, string> WithFormat(ImmutableDictionary<string, string> metadata) =>
        metadata.ContainsKey("format") ? metadata : metadata.Add("format", "pt");

    /// <summary>A plain model says nothing of what it was stored as.</summary>
    private static ImmutableDictionary<string, string> OfPlain(Checkpoint checkpoint, Shard shard) =>
        checkpoint.Form is null ? shard.Metadata : shard.Metadata.Remove(Shard.ComfyMetadata);
}
