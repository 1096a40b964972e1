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

    /// <summary>The bytes of an index, as transformers writes it: names in ordinal order.</summary>
    public static byte[] ToBytes(long totalSize, IEnumerable<KeyValuePair<string, string>> shardOf)
    {
        var map = new JsonObject();
        foreach ((string tensor, string shard) in shardOf.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            map[tensor] = shard;
        return JsonFile.ToBytes(new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = totalSize }, ["weight_map"] = map });
    }
}
