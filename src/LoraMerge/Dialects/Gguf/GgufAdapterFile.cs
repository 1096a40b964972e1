using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Checkpoints.Gguf;
using LoraMerge.Diagnostics;
using LoraMerge.Gguf.Blocks;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Restoring;
using LoraMerge.Kinds.Lora;

namespace LoraMerge.Dialects.Gguf;

/// <summary>Reads a GGUF adapter: its keys, and its tensors in pairs.</summary>
internal static class GgufAdapterFile
{
    private const string SuffixA = ".lora_a";
    private const string SuffixB = ".lora_b";

    /// <summary>Whether a GGUF file says that it is an adapter.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA2003, LORA2060.</exception>
    public static bool IsAdapter(string file) => Opened(file, model => TextOf(model, "general.type") == "adapter");

    /// <exception cref="LoraMergeException">LORA1110, LORA2060, LORA3006, LORA3008, LORA3009, LORA3010, LORA3012, LORA3016, LORA3133.</exception>
    public static Adapter Read(AdapterSource source, AdapterDialect dialect, AdapterOrigin origin) =>
        Opened(source.GgufFile!, model => Read(source, dialect, origin, model));

    private static Adapter Read(AdapterSource source, AdapterDialect dialect, AdapterOrigin origin, GgufModel model)
    {
        string file = source.GgufFile!;
        if (TextOf(model, "adapter.type") is var type && type != "lora")
            throw Errors.GgufAdapterOfOtherType(file, type ?? "");
        if (model.Metadata.Any(pair => pair.Key.StartsWith("adapter.alora.", StringComparison.Ordinal)))
            throw Errors.GgufAdapterOfOtherType(file, "activated LoRA");
        StoredTensor[] tensors = [.. model.Tensors.Select(tensor => Stored(tensor, model.FileOf(tensor)))];
        var weights = new Shard(Path.GetFileName(file), file, [.. tensors], ImmutableDictionary<string, string>.Empty);
        double alpha = model.Metadata.TryGet("adapter.lora.alpha", out GgufValue value) && value.AsNumber() is { } number && double.IsFinite(number)
            ? number : throw Errors.GgufAdapterKeyMissing(file, "adapter.lora.alpha", "a number");
        string architecture = TextOf(model, "general.architecture") ?? throw Errors.GgufAdapterKeyMissing(file, "general.architecture", "a name");
        StoredTensor[] ignored = [.. tensors.Where(IsNorm)];
        ImmutableSortedDictionary<string, GgufPair> pairs = PairsOf(tensors.Except(ignored), file);
        if (pairs.IsEmpty)
            throw Errors.AdapterIsEmpty(file);
        var config = new AdapterConfig(origin) { BaseModelName = TextOf(model, "general.base_model.0.name") };
        return new Adapter(source.Path, dialect, new LoraKind(), config, new GgufAdapterConfig(architecture, alpha, pairs), [weights], [], [], [])
        {
            Ignored = [.. ignored.Select(tensor => tensor.Name)],
        };
    }

    private static ImmutableSortedDictionary<string, GgufPair> PairsOf(IEnumerable<StoredTensor> tensors, string file)
    {
        var byTarget = new SortedDictionary<string, (StoredTensor? A, StoredTensor? B)>(StringComparer.Ordinal);
        foreach (StoredTensor tensor in tensors)
        {
            bool isA = tensor.Name.EndsWith(SuffixA, StringComparison.Ordinal);
            if (!isA && !tensor.Name.EndsWith(SuffixB, StringComparison.Ordinal))
                throw Errors.AdapterTensorUnknown(tensor, "llama.cpp");
            string target = tensor.Name[..^SuffixA.Length];
            (StoredTensor? a, StoredTensor? b) = byTarget.GetValueOrDefault(target);
            byTarget[target] = isA ? (tensor, b) : (a, tensor);
        }
        return byTarget.ToImmutableSortedDictionary(pair => pair.Key, pair => PairOf(pair.Key, pair.Value.A, pair.Value.B, file), StringComparer.Ordinal);
    }

    private static GgufPair PairOf(string target, StoredTensor? a, StoredTensor? b, string file)
    {
        if (a is null || b is null)
            throw Errors.HalfAPair(target, a is null ? "lora_a" : "lora_b", file);
        // Of an embedding, which is looked up by tokens, A has a row for each token.
        long rank = a.Shape.Length < 2 || b.Shape.Length < 2 ? -1 : target == "token_embd.weight" ? a.Shape[1] : a.Shape[^2];
        bool fits = rank is > 0 and <= int.MaxValue && rank == b.Shape[^1] && a.Shape.Length == b.Shape.Length && a.Shape.Length <= 3
            && (a.Shape.Length == 2 || a.Shape[0] == b.Shape[0]);
        return fits ? new GgufPair(a, b) : throw LoraErrors.PairDoesNotFit(target, a, b);
    }

    private static StoredTensor Stored(GgufTensor tensor, GgufReader file)
    {
        if (!TensorValues.CanRead(tensor.Type))
            throw Errors.GgufAdapterKeyMissing(file.Path, $"tensor {GgufFormatException.Quote(tensor.Name)} of type {tensor.Type}", "a type of numbers");
        var values = new RestoredValues(tensor.Type, FirstElement: 0, tensor.Shape.IsEmpty ? 1 : tensor.Shape[^1]);
        return GgufPacking.Stored(tensor.Name, tensor.Shape, file.Path, file.Header.DataOffset + tensor.ByteOffset, values);
    }

    /// <summary>Which some tools write and llama.cpp passes over.</summary>
    private static bool IsNorm(StoredTensor tensor) => tensor.Name.EndsWith("_norm.weight", StringComparison.Ordinal);

    private static T Opened<T>(string file, Func<GgufModel, T> read)
    {
        try
        {
            LfsPointer.ThrowIf(file);
            using var model = GgufModel.Open(file);
            return read(model);
        }
        catch (GgufFormatException e)
        {
            throw Errors.GgufInvalid(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(file, e);
        }
    }

    private static string? TextOf(GgufModel model, string key) => model.Metadata.TryGetText(key, out string? text) ? text : null;
}
