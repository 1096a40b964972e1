using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Incremental;
using LoraMerge.Safetensors;

namespace LoraMerge;

/// <summary>What an adapter, a base model or a merged model is, as named facts.</summary>
/// <param name="Facts">Name and value (a text, a number or texts), in the order in which they read well.</param>
public sealed record Inspection(ImmutableArray<(string Name, object Value)> Facts)
{
    internal static Inspection Of(string path)
    {
        if (!Path.Exists(path))
            throw Errors.PathNotFound("path", path);
        if (File.Exists(Path.Combine(path, "adapter_config.json")))
            return OfAdapter(Adapter.Open(path));
        string manifest = Path.Combine(path, MergeManifest.FileName);
        return OfModel(Checkpoint.Open(path), File.Exists(manifest) ? MergeManifest.Read(manifest) : null);
    }

    private static Inspection OfAdapter(Adapter adapter)
    {
        LoraConfig config = adapter.Config;
        ImmutableArray<(string, object)>.Builder facts = ImmutableArray.CreateBuilder<(string, object)>();
        facts.Add(("what", "LoRA adapter: small matrices B and A for some layers; merging adds scaling times B times A to each of their weights"));
        facts.Add(("name", adapter.Name));
        if (config.BaseModelName is string name)
            facts.Add(("trained on", name));
        facts.Add(("ranks", adapter.Modules.Select(module => Text(module.A.Shape[0])).Distinct().Order(StringComparer.Ordinal).ToArray()));
        facts.Add(("scalings", adapter.Modules.Select(module => Text(module.Scaling)).Distinct().Order(StringComparer.Ordinal).ToArray()));
        if (config.UsesRsLora)
            facts.Add(("scaling rule", "rank-stabilised: alpha divided by the root of the rank"));
        facts.Add(("changed layers", adapter.Modules.Length));
        facts.Add(("kinds of layers", adapter.Modules.Select(module => module.Path.Split('.')[^1]).Distinct().Order(StringComparer.Ordinal).ToArray()));
        if (!adapter.Parameters.IsEmpty)
            facts.Add(("replaced whole", adapter.Parameters.Select(saved => $"{saved.Module}.{saved.Parameter}").ToArray()));
        if (!adapter.Rows.IsEmpty)
            facts.Add(("trained tokens", adapter.Rows.Sum(rows => rows.Indices.Length)));
        facts.Add(("dtypes", adapter.Weights.Tensors.Select(tensor => tensor.DType.HeaderName()).Distinct().Order(StringComparer.Ordinal).ToArray()));
        facts.Add(("bytes", adapter.Weights.Tensors.Sum(tensor => tensor.ByteLength)));
        if (!config.UnknownFields.IsEmpty)
            facts.Add(("unknown settings", config.UnknownFields.ToArray()));
        return new Inspection(facts.ToImmutable());
    }

    private static Inspection OfModel(Checkpoint checkpoint, MergeManifest? manifest)
    {
        ImmutableArray<(string, object)>.Builder facts = ImmutableArray.CreateBuilder<(string, object)>();
        facts.Add(("what", manifest is null ? "model" : "merged model"));
        facts.Add(("name", manifest?.Name ?? checkpoint.Name));
        if (checkpoint.Config.ModelType is string family)
            facts.Add(("family", family));
        if (manifest is not null)
        {
            facts.Add(("base", manifest.Base.Name));
            facts.Add(("adapters", manifest.Adapters.Select(adapter => string.Create(CultureInfo.InvariantCulture, $"{adapter.Name} (weight {adapter.Weight})")).ToArray()));
            facts.Add(("changed tensors", manifest.Tensors.Count));
            facts.Add(("made with", manifest.Tool));
        }
        StoredTensor[] tensors = [.. checkpoint.Shards.SelectMany(shard => shard.Tensors)];
        facts.Add(("files", checkpoint.Shards.Length));
        facts.Add(("tensors", tensors.Length));
        facts.Add(("parameters", tensors.Sum(tensor => tensor.ElementCount)));
        facts.Add(("bytes", tensors.Sum(tensor => tensor.ByteLength)));
        facts.Add(("dtypes", tensors.Select(tensor => tensor.DType.HeaderName()).Distinct().Order(StringComparer.Ordinal).ToArray()));
        return new Inspection(facts.ToImmutable());
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
