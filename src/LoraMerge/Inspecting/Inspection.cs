using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Formats.Gguf;
using LoraMerge.Gguf.Container;
using LoraMerge.Manifests;
using LoraMerge.Quantized;
using LoraMerge.Requests;
using LoraMerge.Safetensors;

namespace LoraMerge.Inspecting;

/// <summary>What an adapter, a base model or a merged model is, as named facts.</summary>
/// <param name="Facts">Name and value (a text, a number or texts), in the order in which they read well.</param>
public sealed record Inspection(ImmutableArray<(string Name, object Value)> Facts)
{
    internal static Inspection Of(string path, FetchedInput? fetched)
    {
        if (!InputListing.IsThere(path))
            throw Errors.PathNotFound("path", path);
        InputKind.ThrowIfForeign(path);
        if (AdapterInspection.IsAdapter(path, fetched))
            return new Inspection(AdapterInspection.Of(path, fetched));
        string manifestFile = MergeManifest.PathIn(path);
        MergeManifest? manifest = InputListing.IsThere(manifestFile) ? MergeManifest.Read(manifestFile) : null;
        return GgufFiles.Find(path) is string file ? OfGguf(file, manifest) : OfModel(BaseModels.Open(path, fetched), manifest);
    }

    private static Inspection OfGguf(string file, MergeManifest? manifest)
    {
        using GgufModel model = GgufFiles.Open(file);
        string what = model.Metadata.TryGetText("general.type", out string? type) && type == "adapter" ? "GGUF adapter"
            : manifest is null ? "GGUF model" : "merged GGUF model";
        return new Inspection([("what", what), .. manifest is null ? [] : Making(manifest), .. GgufFacts.Of(model)]);
    }

    private static IEnumerable<(string Name, object Value)> Making(MergeManifest manifest) =>
    [
        ("base", manifest.Base.Name),
        ("adapters", manifest.Adapters.Select(adapter => string.Create(CultureInfo.InvariantCulture, $"{adapter.Name} (weight {adapter.Weight})")).ToArray()),
        ("changed tensors", manifest.Tensors.Values.Count(tensor => tensor.ChangedShare is not 0)),
        ("made with", manifest.Tool),
    ];

    private static Inspection OfModel(Checkpoint checkpoint, MergeManifest? manifest)
    {
        ImmutableArray<(string, object)>.Builder facts = ImmutableArray.CreateBuilder<(string, object)>();
        facts.Add(("what", manifest is null ? "model" : "merged model"));
        facts.Add(("name", manifest?.Name ?? checkpoint.Name));
        if (checkpoint.Config.ModelType is string family)
            facts.Add(("family", family));
        if (manifest is not null)
            facts.AddRange(Making(manifest));
        TensorSource[] tensors = [.. checkpoint.Tensors];
        facts.Add(("files", checkpoint.Shards.Length));
        facts.Add(("tensors", tensors.Length));
        facts.Add(("parameters", tensors.Sum(tensor => tensor.ElementCount)));
        if (checkpoint.Form is StoredForm form)
            facts.Add(("quantised", string.Create(CultureInfo.InvariantCulture, $"{form.TensorCount} tensors, {form.Name}")));
        StoredTensor[] stored = [.. checkpoint.Shards.SelectMany(shard => shard.Tensors)];
        facts.Add(("bytes", stored.Sum(tensor => tensor.ByteLength)));
        facts.Add(("dtypes", stored.Select(tensor => tensor.DType.HeaderName()).Distinct().Order(StringComparer.Ordinal).ToArray()));
        facts.Add(("opened by", new Engines(checkpoint).Verdicts().ToArray()));
        return new Inspection(facts.ToImmutable());
    }
}
