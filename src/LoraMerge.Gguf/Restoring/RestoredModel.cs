using System.Collections.Immutable;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Gguf.Architectures;
using LoraMerge.Gguf.Blocks;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Safetensors;

namespace LoraMerge.Gguf.Restoring;

/// <summary>A GGUF file as the Hugging Face folder that it was made of: names, shapes and values of its tensors, and the files beside them.</summary>
/// <param name="Tensors">All tensors.</param>
/// <param name="Files">Name and bytes: config.json, generation_config.json and the tokenizer's.</param>
internal sealed record RestoredModel(ImmutableArray<RestoredTensor> Tensors, ImmutableDictionary<string, byte[]> Files)
{
    /// <summary>Why the tokenizer's files are not among them; null where they are, or the file has no tokenizer.</summary>
    public GgufLayoutException? TokenizerFault { get; private init; }

    private const long MostLayers = 4096;
    private const long MostExperts = 4096;
    private const string Embedding = "token_embd.weight";

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>GGUF's names of the architectures that are turned back.</summary>
    public static IEnumerable<string> Architectures { get; } =
        [.. ArchitectureList.All.Where(architecture => architecture.CanRestore).Select(architecture => architecture.Name).Distinct()];

    /// <summary>Turns a file back.</summary>
    /// <param name="model">Stays open as long as the tensors are read.</param>
    /// <exception cref="GgufLayoutException">FileNotRestorable.</exception>
    public static RestoredModel Of(GgufModel model)
    {
        string path = model.Paths.First();
        string name = model.Metadata.TryGetText("general.architecture", out string? text) ? text : "";
        var keys = new GgufKeys(model, name);
        (Architecture architecture, JsonObject config) = ArchitectureList.All
            .Where(known => known.Name == name && known.CanRestore)
            .Select(known => (known, known.Restore(keys)))
            .FirstOrDefault(known => known.Item2 is not null) is ({ } found, { } restored)
            ? (found, restored)
            : throw LayoutErrors.FileArchitectureUnknown(path, name, Architectures);
        if (config["num_hidden_layers"]!.GetValue<long>() > MostLayers)
            throw keys.NotRestorable("block_count", string.Create(CultureInfo.InvariantCulture, $"at most {MostLayers}"));

        if (!model.TryFind(Embedding, out GgufTensor? embedding) || embedding.Shape.Length != 2)
            throw LayoutErrors.FileNotRestorable(path, Embedding, "a matrix");
        config["vocab_size"] = embedding.Shape[0];
        config["torch_dtype"] = NameOf(DTypeOf(model));
        (ImmutableDictionary<string, byte[]> files, GgufLayoutException? fault) = TokenizerOf(model, config);
        return new RestoredModel(TensorsOf(model, architecture, config, embedding.Shape[0]), files.Add(LayoutErrors.Config, ToBytes(config)))
        {
            TokenizerFault = fault,
        };
    }

    /// <summary>All tensors as they are called in the file, for one that is no model of an architecture that is turned back.</summary>
    /// <param name="model">Stays open as long as the tensors are read.</param>
    /// <exception cref="GgufLayoutException">FileNotRestorable: values of a type that cannot be read.</exception>
    public static ImmutableArray<RestoredTensor> TensorsAsNamed(GgufModel model) =>
        [.. model.Tensors.Select(stored => AsNamed(model, stored, stored.Name, stored.Shape))];

    /// <summary>What the values were before they were quantised, as far as types tell; config.json says it. What was quantised is mostly bfloat16.</summary>
    public static DType DTypeOf(GgufModel model)
    {
        GgufType type = model.Tensors.GroupBy(tensor => tensor.Type).MaxBy(group => group.Sum(tensor => tensor.ElementCount))?.Key ?? GgufType.BF16;
        bool isQuantised = model.Tensors.Any(tensor => tensor.Type.ElementsPerBlock() > 1);
        return isQuantised ? DType.BF16 : type switch { GgufType.F32 => DType.F32, GgufType.F16 => DType.F16, _ => DType.BF16 };
    }

    /// <summary>JSON as Hugging Face writes it.</summary>
    public static byte[] ToBytes(JsonNode json) => [.. JsonSerializer.SerializeToUtf8Bytes(json, Indented), (byte)'\n'];

    /// <summary>A tokenizer that cannot be said leaves a model without one.</summary>
    private static (ImmutableDictionary<string, byte[]> Files, GgufLayoutException? Fault) TokenizerOf(GgufModel model, JsonObject config)
    {
        ImmutableDictionary<string, byte[]> files = ImmutableDictionary<string, byte[]>.Empty;
        try
        {
            if (RestoredTokenizer.Of(model) is not { } tokenizer)
                return (files, null);
            tokenizer.Describe(config);
            files = files.Add("generation_config.json", ToBytes(tokenizer.GenerationConfig));
            return (files.AddRange(tokenizer.Files()), null);
        }
        catch (GgufLayoutException e)
        {
            return (files, e);
        }
    }

    private static RestoredTensor AsNamed(GgufModel model, GgufTensor stored, string name, ImmutableArray<long> shape) => TensorValues.CanRead(stored.Type)
        ? new RestoredTensor(name, shape, model.FileOf(stored), stored, new RestoredValues(stored.Type, 0, shape.Length < 2 ? 1 : shape[^1]))
        : throw LayoutErrors.FileNotRestorable(model.Paths.First(), $"{stored.Name} of type {stored.Type}", "a type whose values can be read");

    private static ImmutableArray<RestoredTensor> TensorsOf(GgufModel model, Architecture architecture, JsonObject json, long tokens)
    {
        using JsonDocument document = JsonDocument.Parse(json.ToJsonString());
        HuggingFaceConfig config = HuggingFaceConfig.Of(document.RootElement).WithDefaults(architecture.Defaults);
        var sizes = new Sizes();
        sizes["v"] = sizes["tokens"] = tokens;
        architecture.Measure(config, sizes);

        var tensors = ImmutableArray.CreateBuilder<RestoredTensor>();
        var used = new HashSet<string>(architecture.ComputedTensors(config, sizes).Select(tensor => tensor.Name), StringComparer.Ordinal);
        foreach (TensorRule rule in architecture.Tensors(config))
        {
            long layers = rule.Target.Contains(".N.", StringComparison.Ordinal) ? sizes["layers"] : 1;
            for (long layer = 0; layer < layers; layer++)
            {
                if (model.TryFind(Numbered(rule.Target, ".N.", layer), out GgufTensor? stored))
                {
                    used.Add(stored.Name);
                    tensors.AddRange(Restore(model, stored, rule, layer, sizes));
                }
                else if (EachExpert(model, rule, layer, sizes) is { IsEmpty: false } experts)
                {
                    used.UnionWith(experts.Select(expert => expert.Stored.Name));
                    tensors.AddRange(experts);
                }
                else if (!rule.IsOptional && rule.Target != "output.weight")
                {
                    throw LayoutErrors.FileNotRestorable(model.Paths.First(), Numbered(rule.Target, ".N.", layer), "a tensor");
                }
            }
        }

        if (model.Tensors.FirstOrDefault(tensor => !used.Contains(tensor.Name)) is { } unknown)
            throw LayoutErrors.FileNotRestorable(model.Paths.First(), unknown.Name, $"no tensor of that name in '{architecture.Name}'");
        return tensors.DrainToImmutable();
    }

    /// <summary>Experts that are tensors of their own, as llama.cpp wrote them until the spring of 2024: <c>blk.0.ffn_gate.3.weight</c>.</summary>
    private static ImmutableArray<RestoredTensor> EachExpert(GgufModel model, TensorRule rule, long layer, Sizes sizes)
    {
        const string stacked = "_exps.weight";
        if (!rule.Target.EndsWith(stacked, StringComparison.Ordinal))
            return [];
        string target = Numbered(rule.Target, ".N.", layer)[..^stacked.Length];
        ImmutableArray<GgufTensor> found =
        [
            .. Enumerable.Range(0, (int)Math.Min(sizes[rule.Stacked], MostExperts))
                .Select(expert => string.Create(CultureInfo.InvariantCulture, $"{target}.{expert}.weight"))
                .Select(name => model.TryFind(name, out GgufTensor? stored) ? stored : null)
                .TakeWhile(stored => stored is not null).Select(stored => stored!),
        ];
        if (found.Length != sizes[rule.Stacked])
            return [];
        ImmutableArray<long> shape = sizes.ShapeOf(rule.Shape);
        string source = Numbered(rule.Source, ".N.", layer);
        return
        [
            .. found.Select((stored, expert) => stored.Shape.AsSpan().SequenceEqual(shape.AsSpan())
                ? AsNamed(model, stored, Numbered(source, ".E.", expert), shape)
                : throw WrongShape(model, stored, shape, count: 1)),
        ];
    }

    private static IEnumerable<RestoredTensor> Restore(GgufModel model, GgufTensor stored, TensorRule rule, long layer, Sizes sizes)
    {
        string source = Numbered(rule.Source, ".N.", layer);
        ImmutableArray<long> shape = sizes.ShapeOf(rule.Shape);
        bool isStacked = source.Contains(".E.", StringComparison.Ordinal);
        long count = isStacked ? sizes[rule.Stacked] : 1;
        if (!stored.Shape.AsSpan().SequenceEqual(isStacked ? [count, .. shape.AsSpan()] : shape.AsSpan()))
            throw WrongShape(model, stored, shape, count);

        RestoredTensor tensor = AsNamed(model, stored, source, shape);
        foreach (Step step in rule.Steps.Select(step => step(sizes)))
        {
            tensor = step switch
            {
                Step.Rope rope when shape[0] % (2 * rope.Heads) == 0 => tensor with { Values = tensor.Values with { PairedRows = shape[0] / rope.Heads } },
                Step.Plus plus => tensor with { Values = tensor.Values with { Added = plus.Value } },
                Step.Take take when take.Count == shape[take.Axis] => tensor,
                _ => throw LayoutErrors.FileNotRestorable(model.Paths.First(), $"{stored.Name} {stored.ShapeText}", "heads of an even size"),
            };
        }

        long elements = stored.ElementCount / count;
        for (long expert = 0; expert < count; expert++)
            yield return tensor with { Name = Numbered(source, ".E.", expert), Values = tensor.Values with { FirstElement = expert * elements } };
    }

    private static GgufLayoutException WrongShape(GgufModel model, GgufTensor stored, ImmutableArray<long> shape, long count) => LayoutErrors.FileNotRestorable(
        model.Paths.First(), $"{stored.Name} {stored.ShapeText}", $"[{string.Join(", ", shape)}]{(count > 1 ? $" {count} times" : "")}");

    private static string NameOf(DType dtype) => dtype switch { DType.F32 => "float32", DType.F16 => "float16", _ => "bfloat16" };

    private static string Numbered(string name, string mark, long number) =>
        name.Replace(mark, string.Create(CultureInfo.InvariantCulture, $".{number}."), StringComparison.Ordinal);
}
