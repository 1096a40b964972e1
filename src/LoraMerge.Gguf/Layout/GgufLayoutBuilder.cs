using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Gguf.Architectures;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Layout;

/// <summary>Lays out a merged model as a GGUF file: reads its config, names and shapes, and its tokenizer; no weight.</summary>
internal sealed class GgufLayoutBuilder
{
    private const long MostLayers = 4096;
    private const string Embedding = "token_embd.weight";
    private const string Head = "output.weight";

    private readonly GgufSource _source;
    private readonly Architecture _architecture;
    private readonly HuggingFaceConfig _config;
    private readonly bool _isHeadless;
    private readonly Sizes _sizes = new();
    private readonly Dictionary<string, SourceTensor> _byName;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    private GgufLayoutBuilder(GgufSource source)
    {
        _source = source;
        var config = HuggingFaceConfig.Of(source.Config);
        _architecture = ArchitectureList.Of(config);
        _isHeadless = config.Classes.Any(_architecture.IsHeadless);
        _config = config.WithDefaults(_architecture.Defaults);
        _byName = source.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>Lays out a model.</summary>
    /// <param name="source">The model.</param>
    /// <param name="quantization">One of <see cref="Quantizations.Names"/>.</param>
    /// <exception cref="GgufLayoutException">It cannot be said in GGUF.</exception>
    /// <exception cref="IOException">A side file cannot be read.</exception>
    public static GgufLayout Build(GgufSource source, string quantization)
    {
        GgufQuantization chosen = Quantizations.Parse(quantization, source.Tensors);
        return new GgufLayoutBuilder(source).Build(chosen);
    }

    /// <summary>What each tensor of a GGUF file is made of, without any of what else the file says. No tokenizer is needed.</summary>
    /// <param name="source">The model.</param>
    /// <param name="isChecked">Whether a config is refused that says what readers do otherwise.</param>
    /// <returns>GGUF's name of the architecture, and all tensors that are made of the model's.</returns>
    /// <exception cref="GgufLayoutException">The model has no place in GGUF.</exception>
    public static (string Architecture, ImmutableArray<LayoutTensor> Tensors) TensorsOf(GgufSource source, bool isChecked)
    {
        var builder = new GgufLayoutBuilder(source);
        ImmutableArray<TensorRule> rules = builder.Measure();
        if (isChecked)
            builder._architecture.Check(builder._config, builder._sizes);
        builder.CutEmbedding(builder.TokenCount);
        ImmutableArray<LayoutTensor> tensors = [.. builder.Laid(rules)];
        if (isChecked)
            builder.LeftOut();
        return (builder._architecture.Name, tensors);
    }

    private GgufLayout Build(GgufQuantization quantization)
    {
        ImmutableArray<TensorRule> rules = Measure();
        _architecture.Check(_config, _sizes);
        var tokenizer = new TokenizerMetadata(_source.Files, _architecture.Tokenizer(_config));
        CutEmbedding(() => tokenizer.Count);

        ImmutableArray<LayoutTensor> tensors = [.. Computed(), .. Laid(rules)];
        ImmutableArray<string> leftOut = LeftOut();
        List<string> notes = [.. _architecture.Notes(_config, _sizes)];
        GgufMetadata metadata = Describe(quantization, tokenizer, notes);
        return new GgufLayout(quantization, metadata, Typed(tensors, quantization), leftOut, [.. notes]);
    }

    /// <summary>Finds the sizes of the model, and its table of tensors.</summary>
    private ImmutableArray<TensorRule> Measure()
    {
        foreach (string field in (string[])["num_hidden_layers", "n_layer"])
        {
            if (_config.CountOrNull(field) > MostLayers)
                throw LayoutErrors.ConfigFieldInvalid(
                    field, HuggingFaceConfig.TextOf(_config.Find(field)), string.Create(CultureInfo.InvariantCulture, $"at most {MostLayers}"));
        }

        ImmutableArray<TensorRule> rules = [.. _architecture.Tensors(_config)];
        _sizes["v"] = RowsOfEmbedding(rules.First(rule => rule.Target == Embedding));
        _sizes["tokens"] = _sizes["v"];
        _architecture.Measure(_config, _sizes);
        return rules;
    }

    private void CutEmbedding(Func<long> tokenCount)
    {
        if (_architecture.IsEmbeddingCut && _config.CountOrNull("vocab_size") is { } size)
            _sizes["tokens"] = Math.Min(_sizes["v"], Math.Max(size, tokenCount()));
    }

    /// <summary>Tokens of the tokenizer; 0 where there is none that can be read.</summary>
    private long TokenCount()
    {
        try
        {
            return new TokenizerMetadata(_source.Files, _architecture.Tokenizer(_config)).Count;
        }
        catch (GgufLayoutException)
        {
            return 0;
        }
    }

    private long RowsOfEmbedding(TensorRule rule)
    {
        SourceTensor embedding = Find(rule.Source) ?? throw Missing(rule.Source, Embedding);
        return embedding.Shape.Length == 2 && embedding.Shape[0] <= int.MaxValue ? embedding.Shape[0]
            : throw LayoutErrors.TensorShape(embedding.Name, embedding.ShapeText, "a matrix", "a row for each token");
    }

    private IEnumerable<LayoutTensor> Computed() => _architecture.ComputedTensors(_config, _sizes)
        .Select(tensor => new LayoutTensor(tensor.Name, GgufType.F32, [tensor.Numbers.Length], [], [], [.. tensor.Numbers]));

    private IEnumerable<LayoutTensor> Laid(ImmutableArray<TensorRule> rules)
    {
        bool isTied = _config.Flag("tie_word_embeddings") || _isHeadless;
        if (!isTied && _architecture.IsHeadAlwaysTied)
            throw LayoutErrors.HeadCannotPart(_architecture.Name, DecoderTensors.Head.Source);

        // Tensors of a layer lie together, layer by layer, where the table has the first of them.
        bool isLayered = false;
        foreach (TensorRule rule in rules)
        {
            if (!IsOfLayer(rule))
            {
                bool isSame = rule.Target == Head && isTied;
                if ((!isSame || _architecture.IsHeadNeeded)
                    && Lay(isSame ? rule with { Source = DecoderTensors.Embedding.Source } : rule, null) is { } tensor)
                    yield return tensor;
            }
            else if (!isLayered)
            {
                isLayered = true;
                foreach (LayoutTensor tensor in Layers(rules))
                    yield return tensor;
            }
        }
    }

    private IEnumerable<LayoutTensor> Layers(ImmutableArray<TensorRule> rules)
    {
        for (long layer = 0; layer < _sizes["layers"]; layer++)
        {
            foreach (TensorRule rule in rules.Where(rule => IsOfLayer(rule) && rule.Layers?.Invoke(layer) != false))
            {
                if (Lay(rule, layer) is { } tensor)
                    yield return tensor;
            }
        }
    }

    private LayoutTensor? Lay(TensorRule rule, long? layer)
    {
        string target = WithLayer(rule.Target, layer);
        while (rule.Else is not null && Find(WithExpert(WithLayer(rule.Source, layer), 0)) is null)
            rule = rule.Else;
        string source = WithLayer(rule.Source, layer);
        if (rule.IsOptional && Find(WithExpert(source, 0)) is null)
            return null;

        ImmutableArray<SourceTensor> sources = Sources(source, target, rule.Stacked);
        ImmutableArray<long> expected = _sizes.ShapeOf(rule.Shape);
        foreach (SourceTensor tensor in sources)
        {
            if (!tensor.Shape.AsSpan().SequenceEqual(expected.AsSpan()))
                throw LayoutErrors.TensorShape(tensor.Name, tensor.ShapeText, $"[{string.Join(", ", expected)}]", "by the sizes in config.json: " + rule.Shape);
            _used.Add(tensor.Name);
        }

        bool isStacked = sources.Length > 1 || IsOfExpert(source);
        ImmutableArray<Step> steps = [.. isStacked ? [new Step.Stack(sources.Length)] : (Step[])[], .. rule.Steps.Select(step => step(_sizes))];
        return Follow(target, sources, steps) with { TakesAdapter = _architecture.TakesAdapter(target) };
    }

    private static LayoutTensor Follow(string target, ImmutableArray<SourceTensor> sources, ImmutableArray<Step> steps)
    {
        ImmutableArray<long> shape = sources[0].Shape;
        var kept = ImmutableArray.CreateBuilder<Step>();
        foreach (Step step in steps)
        {
            if (step is Step.Rope rope && shape[0] % (2 * rope.Heads) != 0)
                throw LayoutErrors.TensorNotDivisible(
                    sources[0].Name, sources[0].ShapeText, FormattableString.Invariant($"its rows do not divide into the halves of {rope.Heads} heads"));
            if ((step is Step.Take take && take.Count == shape[take.Axis])
                || (step is Step.Pad pad && pad.Rows <= shape[0])
                || (step is Step.Arrange order && order.IsNone(shape)))
                continue; // all of it, as it is
            shape = step.ShapeAfter(shape);
            kept.Add(step);
        }

        return new LayoutTensor(target, GgufType.F32, shape, sources, kept.ToImmutable(), []);
    }

    private ImmutableArray<SourceTensor> Sources(string source, string target, string stacked)
    {
        if (!IsOfExpert(source))
            return [Find(source) ?? throw Missing(source, target)];
        var sources = ImmutableArray.CreateBuilder<SourceTensor>();
        for (int i = 0; i < _sizes[stacked]; i++)
            sources.Add(Find(WithExpert(source, i)) ?? throw Missing(WithExpert(source, i), target));
        return sources.DrainToImmutable();
    }

    /// <summary>What is not used: left out where no reader wants it, refused otherwise.</summary>
    private ImmutableArray<string> LeftOut()
    {
        string[] unused = [.. _byName.Keys.Where(name => !_used.Contains(name)).Order(StringComparer.Ordinal)];
        string[] unknown = [.. unused.Where(
            name => !_architecture.IsLeftOut(name, _config) && !_architecture.Spellings(DecoderTensors.Head.Source).Contains(name))];
        return unknown.Length == 0 ? [.. unused] : throw LayoutErrors.TensorUnknown(_architecture.Name, unknown[0], unknown.Length);
    }

    private GgufMetadata Describe(GgufQuantization quantization, TokenizerMetadata tokenizer, List<string> notes)
    {
        var metadata = new GgufMetadata { { "general.architecture", _architecture.Name }, { "general.type", "model" } };
        foreach ((string key, GgufValue value) in _source.General)
            metadata.TryAdd(key, value);
        var keys = new Keys(_architecture.Name, metadata);
        _architecture.Describe(_config, _sizes, keys);
        if (_architecture.SaysPooling && Pooling.Find(_source.Files) is { } pooling)
            keys.Count("pooling_type", pooling);
        metadata.Add("general.file_type", quantization.FileType());
        metadata.Add("general.quantization_version", 2u);
        tokenizer.Describe(metadata, _sizes["tokens"], _source.Config, notes);
        ChatTemplate.Find(_source.TemplateFolders)?.Describe(metadata);
        return metadata;
    }

    private ImmutableArray<LayoutTensor> Typed(ImmutableArray<LayoutTensor> tensors, GgufQuantization quantization)
    {
        long experts = _sizes.Has("experts") ? _sizes["experts"] : 0;
        var choice = new TensorTypeChoice(
            quantization, _architecture.Name, _sizes["layers"], experts, _sizes["kvheads"] < _sizes["heads"], tensors.Select(tensor => tensor.Name));
        return [.. tensors.Select(tensor => tensor with { Type = choice.Of(tensor.Name, tensor.Shape) })];
    }

    private SourceTensor? Find(string source) =>
        _architecture.Spellings(source).Select(name => _byName.GetValueOrDefault(name)).FirstOrDefault(tensor => tensor is not null);

    private GgufLayoutException Missing(string source, string target) => LayoutErrors.TensorMissing(_architecture.Name, source, target);

    private static bool IsOfLayer(TensorRule rule) => rule.Target.Contains(".N.", StringComparison.Ordinal);

    private static bool IsOfExpert(string source) => source.Contains(".E.", StringComparison.Ordinal);

    private static string WithLayer(string name, long? layer) =>
        layer is null ? name : name.Replace(".N.", string.Create(CultureInfo.InvariantCulture, $".{layer}."), StringComparison.Ordinal);

    private static string WithExpert(string name, int expert) =>
        name.Replace(".E.", string.Create(CultureInfo.InvariantCulture, $".{expert}."), StringComparison.Ordinal);
}
