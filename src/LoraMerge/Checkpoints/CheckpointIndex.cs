using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Diagnostics;

namespace LoraMerge.Checkpoints;

/// <summary>model.safetensors.index.json: which shard holds which tensor.</summary>
/// <param name="File">Path of the index.</param>
/// <param name="ShardOf">Tensor name to shard file name.</param>
internal sealed record CheckpointIndex(string File, ImmutableSortedDictionary<string, string> ShardOf)
{
    /// <exception cref="LoraMergeException">LORA2004, LORA2006, LORA2045.</exception>
    public static CheckpointIndex Read(string file)
    {
        JsonObject json;
        try
        {
            json = JsonFile.Read(file, JsonFile.LongestIndex);
        }
        catch (JsonException e)
        {
            throw Errors.IndexInvalid(file, $"it is no JSON: {e.Message}");
        }
        if (json["weight_map"] is not JsonObject map)
            throw Errors.IndexInvalid(file, "it has no \"weight_map\"");
        ImmutableSortedDictionary<string, string>.Builder shardOf = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach ((string tensor, JsonNode? value) in map)
        {
            if (value is not JsonValue text || !text.TryGetValue(out string? shard) || shard.Length == 0)
                throw Errors.IndexInvalid(file, $"the entry of tensor '{tensor}' is no file name");
            if (shard.AsSpan().ContainsAny('/', '\\') || shard is "." or ".." || Path.IsPathRooted(shard))
                throw Errors.ShardOutsideFolder(file, tensor, shard);
            shardOf[tensor] = shard;
        }
        return new CheckpointIndex(file, shardOf.ToImmutable());
    }

    /// <summary>
    /// Holds the index to its shards as transformers does, which loads all that a shard holds. An index may name the head that is the embedding and buffers
    /// that are computed, which some writers left out of the shards afterwards; any other tensor that is named and not there is missing.
    /// </summary>
    /// <param name="shards">What it names.</param>
    /// <param name="isTied">Whether embedding and head may be one tensor.</param>
    /// <returns>Whether index and shards name the same tensors.</returns>
    /// <exception cref="LoraMergeException">LORA2007.</exception>
    public bool Check(ImmutableArray<Shard> shards, bool isTied)
    {
        var present = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (Shard shard in shards)
        {
            foreach (StoredTensor tensor in shard.Tensors)
            {
                present[tensor.Name] = shard.FileName;
                if (ShardOf.TryGetValue(tensor.Name, out string? named) && named != shard.FileName)
                    throw Errors.IndexDisagreesWithShard(File, tensor.Name, shard.FileName, $"where the index says '{named}'");
            }
        }
        string[] missing = [.. ShardOf.Keys.Where(name => !present.ContainsKey(name))];
        if (missing.FirstOrDefault(name => !(isTied && TiedTensors.MayBeEmbedding(name)) && !Buffers.IsOne(name)) is string lost)
            throw Errors.IndexDisagreesWithShard(File, lost, ShardOf[lost], "which does not hold it");
        return missing.Length == 0 && present.Count == ShardOf.Count;
    }

    /// <summary>The bytes of an index, as transformers writes it: names in ordinal order.</summary>
    public static byte[] ToBytes(long totalSize, IEnumerable<KeyValuePair<string, string>> shardOf)
    {
        var map = new JsonObject();
        foreach ((string tensor, string shard) in shardOf.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            map[tensor] = shard;
        return JsonFile.ToBytes(new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = totalSize }, ["weight_map"] = map });
    }
}
