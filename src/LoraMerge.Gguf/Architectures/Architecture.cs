using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Architectures;

/// <summary>
/// A family of models as GGUF has it: the names of its tensors and what happens to them, its keys, and what its readers do whatever the config says.
/// A class derived from it in a file of its own is all that a further family needs: <see cref="ArchitectureList"/> finds it.
/// </summary>
internal abstract class Architecture
{
    private const string Prefix = "model.";
    private const string LayerPrefix = "model.layers.";

    private static readonly (string Key, string Field)[] YarnFields =
    [
        ("yarn_ext_factor", "extrapolation_factor"), ("yarn_attn_factor", "attention_factor"),
        ("yarn_beta_fast", "beta_fast"), ("yarn_beta_slow", "beta_slow"),
    ];

    /// <summary>GGUF's name.</summary>
    public abstract string Name { get; }

    /// <summary>The classes in transformers, as <c>architectures</c> of config.json has them.</summary>
    public abstract ImmutableArray<string> Classes { get; }

    /// <summary>What the class in transformers assumes for fields that the config does not say: a JSON object.</summary>
    public abstract string Defaults { get; }

    /// <summary>Whether readers of GGUF always take the embedding for the head.</summary>
    public virtual bool IsHeadAlwaysTied => false;

    /// <summary>Whether readers of GGUF want a head of its own, also where it is the embedding.</summary>
    public virtual bool IsHeadNeeded => false;

    /// <summary>Whether a file says how the vectors of a text's tokens become one, where the model's folder does.</summary>
    public virtual bool SaysPooling => false;

    /// <summary>Whether rows of the embedding beyond the vocabulary are left out.</summary>
    public virtual bool IsEmbeddingCut => false;

    /// <summary>How a text becomes tokens, as far as the family decides it.</summary>
    public virtual TokenizerRules Tokenizer(HuggingFaceConfig config) => TokenizerRules.Default;

    /// <summary>Whether a class in transformers is of this family: one of its classes, or the same without a head, such as <c>Qwen3Model</c>.</summary>
    public bool HasClass(string name) => Classes.Contains(name) || IsHeadless(name);

    /// <summary>Whether a model is of this family.</summary>
    /// <param name="config">Without defaults.</param>
    public virtual bool Takes(HuggingFaceConfig config) => config.Classes.Any(HasClass);

    /// <summary>Whether a class is one of this family without its head: a model that embeds texts, whose head readers take from the embedding.</summary>
    public bool IsHeadless(string name) => name.EndsWith("Model", StringComparison.Ordinal) && Classes.Contains($"{name[..^"Model".Length]}ForCausalLM");

    /// <summary>The table of tensors, in the order of the file.</summary>
    /// <param name="config">With defaults.</param>
    public abstract IEnumerable<TensorRule> Tensors(HuggingFaceConfig config);

    /// <summary>Names that a tensor of the table may have in the folder: a model that was saved without its head has no prefix.</summary>
    public virtual IEnumerable<string> Spellings(string source) =>
        source.StartsWith(Prefix, StringComparison.Ordinal) ? [source, source[Prefix.Length..]] : [source];

    /// <summary>Whether a tensor is not wanted by readers, and may be left out.</summary>
    public virtual bool IsLeftOut(string source, HuggingFaceConfig config) => source.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal);

    /// <summary>Whether readers add what an adapter adds where they compute with a tensor of the file.</summary>
    public virtual bool TakesAdapter(string target) => true;

    /// <summary>Whether files of this family are turned back into Hugging Face's.</summary>
    public virtual bool CanRestore => false;

    /// <summary>config.json as the keys of a file say it; null where the file is of another family of the same name.</summary>
    public virtual JsonObject? Restore(GgufKeys keys) => null;

    /// <summary>Adds the sizes that the tables use.</summary>
    public virtual void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        sizes["layers"] = config.Count("num_hidden_layers");
        sizes["h"] = config.Count("hidden_size");
        sizes["f"] = LengthOf(config);
        sizes["heads"] = Positive(config, "num_attention_heads");
        sizes["kvheads"] = config.CountOrNull("num_key_value_heads") is null ? sizes["heads"] : Positive(config, "num_key_value_heads");
        sizes["d"] = config.CountOrNull("head_dim") ?? (sizes["h"] / sizes["heads"]);
        sizes["q"] = sizes["heads"] * sizes["d"];
        sizes["kv"] = sizes["kvheads"] * sizes["d"];
    }

    /// <summary>Refuses a config that says what readers do otherwise.</summary>
    /// <exception cref="GgufLayoutException">ConfigNotSayable.</exception>
    public abstract void Check(HuggingFaceConfig config, Sizes sizes);

    /// <summary>Writes the keys.</summary>
    public virtual void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys) => DescribeSizes(config, sizes, keys);

    /// <summary>Tensors whose numbers follow from the config.</summary>
    public virtual IEnumerable<(string Name, float[] Numbers)> ComputedTensors(HuggingFaceConfig config, Sizes sizes) => [];

    /// <summary>What readers do otherwise than the model was trained, though it is taken.</summary>
    public virtual IEnumerable<string> Notes(HuggingFaceConfig config, Sizes sizes) => [];

    /// <summary>Writes the keys that all families have.</summary>
    protected static void DescribeSizes(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        keys.Count("block_count", sizes["layers"]);
        keys.Count("context_length", config.Count("max_position_embeddings"));
        keys.Count("embedding_length", sizes["h"]);
        if (sizes["f"] > 0)
            keys.Count("feed_forward_length", sizes["f"]);
        keys.Count("attention.head_count", sizes["heads"]);
        keys.Count("attention.head_count_kv", sizes["kvheads"]);
        keys.Count("attention.key_length", sizes["d"]);
        keys.Count("attention.value_length", sizes["d"]);
    }

    /// <summary>The fields that all families have, with a norm by the root of mean squares.</summary>
    protected static JsonObject RestoreSizes(GgufKeys keys, string modelType, string className)
    {
        long hidden = keys.Count("embedding_length");
        long heads = keys.Count("attention.head_count");
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray(className),
            ["model_type"] = modelType,
            ["hidden_size"] = hidden,
            ["intermediate_size"] = keys.Count("feed_forward_length"),
            ["num_hidden_layers"] = keys.Count("block_count"),
            ["num_attention_heads"] = heads,
            ["num_key_value_heads"] = keys.CountOrNull("attention.head_count_kv") ?? heads,
            ["head_dim"] = keys.CountOrNull("attention.key_length") ?? (hidden / Math.Max(1, heads)),
            ["max_position_embeddings"] = keys.Count("context_length"),
            ["rms_norm_eps"] = keys.Real("attention.layer_norm_rms_epsilon"),
            ["tie_word_embeddings"] = !keys.HasTensor("output.weight"),
            ["hidden_act"] = "silu",
        };
        RestoreRope(keys, config);
        return config;
    }

    private static void RestoreRope(GgufKeys keys, JsonObject config)
    {
        config["rope_theta"] = keys.RealOrNull("rope.freq_base") ?? 10000;
        double? before = keys.RealOrNull("rope.scale_linear"); // how files of 2023 say a linear scaling
        string kind = keys.TextOrNull("rope.scaling.type") ?? (before is null or 1 ? "none" : "linear");
        if (kind == "none")
            return;
        if (kind is not ("linear" or "yarn"))
            throw keys.NotRestorable("rope.scaling.type", "linear or yarn");
        double factor = keys.RealOrNull("rope.scaling.factor") ?? before ?? keys.Real("rope.scaling.factor");
        var scaling = new JsonObject { ["rope_type"] = kind, ["factor"] = factor };
        foreach ((string key, string field) in YarnFields.Prepend(("original_context_length", "original_max_position_embeddings")))
        {
            if (keys.RealOrNull($"rope.scaling.{key}") is { } value)
                scaling[field] = value;
        }

        config["rope_scaling"] = scaling;
    }

    /// <summary>Writes base and scaling of rope: linear or yarn, as the family's readers know them.</summary>
    protected static void DescribeRope(HuggingFaceConfig config, Keys keys)
    {
        RopeScaling rope = RopeScaling.Of(config);
        if (rope.Kind is "linear" or "yarn")
        {
            keys.Text("rope.scaling.type", rope.Kind);
            keys.Real("rope.scaling.factor", rope.Real("factor"));
        }

        if (rope.Kind == "yarn")
        {
            keys.Count("rope.scaling.original_context_length", rope.OriginalContext);
            foreach ((string key, string field) in YarnFields)
            {
                if ((rope.RealOrNull(field) ?? (field == "attention_factor" ? rope.RealOrNull("attn_factor") : null)) is { } value)
                    keys.Real($"rope.scaling.{key}", value);
            }
        }

        keys.Real("rope.freq_base", rope.Theta);
    }

    /// <summary>For families whose readers take 10000 where no key says another base.</summary>
    protected static void DescribeUnusualRopeBase(HuggingFaceConfig config, Keys keys)
    {
        if (RopeScaling.Of(config).Theta is not 10000 and double theta)
            keys.Real("rope.freq_base", theta);
    }

    /// <summary>Refuses scalings of rope but these.</summary>
    protected void CheckRope(HuggingFaceConfig config, params ReadOnlySpan<string> known)
    {
        RopeScaling rope = RopeScaling.Of(config);
        if (rope.IsScaled && !known.Contains(rope.Kind))
            throw NotSayable($"{rope.Field}.rope_type", $"\"{rope.Kind}\"",
                known.IsEmpty ? "never scale rope" : $"scale rope as {string.Join(" or ", known.ToArray())} only");
    }

    /// <summary>Refuses another text than these.</summary>
    protected void CheckText(HuggingFaceConfig config, string field, string readers, params ReadOnlySpan<string> sayable)
    {
        if (config.TextOrNull(field) is { } text && !sayable.Contains(text))
            throw NotSayable(field, $"\"{text}\"", readers);
    }

    /// <summary>Refuses another truth than this; a field that is not said is false.</summary>
    protected void CheckFlag(HuggingFaceConfig config, string field, bool sayable, string readers)
    {
        if (config.Flag(field) != sayable)
            throw NotSayable(field, sayable ? "false" : "true", readers);
    }

    /// <summary>Refuses another number than this.</summary>
    protected void CheckReal(HuggingFaceConfig config, string field, double? sayable, string readers)
    {
        if (config.RealOrNull(field) != sayable)
            throw NotSayable(field, HuggingFaceConfig.TextOf(config.Find(field)), readers);
    }

    /// <summary>Refuses a list that says something else of a layer; none is as it should be.</summary>
    protected void CheckLayers(HuggingFaceConfig config, Sizes sizes, string field, Func<long, JsonElement, bool> isSayable, string readers)
    {
        if (config.ListOrNull(field) is not { } list)
            return;
        for (int i = 0; i < sizes["layers"]; i++)
        {
            if (i >= list.Length || !isSayable(i, list[i]))
                throw NotSayable(field, HuggingFaceConfig.TextOf(config.Find(field)), readers);
        }
    }

    /// <summary>Vectors of an image are added to the first layers of the text, of which there have to be more: else readers abort.</summary>
    protected void CheckDeepStack(HuggingFaceConfig config, Sizes sizes)
    {
        if (ImageText.DeepStackLayersOf(config) is int layers && layers >= sizes["layers"])
            throw NotSayable("vision_config.deepstack_visual_indexes", Invariant($"{layers} layers"), "want more layers of text than these");
    }

    /// <summary>Refuses a Qwen some of whose layers have no experts.</summary>
    protected void CheckExpertsInAllLayers(HuggingFaceConfig config)
    {
        const string readers = "take experts in every layer";
        CheckReal(config, "decoder_sparse_step", 1, readers);
        if (config.ListOrNull("mlp_only_layers") is { Length: > 0 })
            throw NotSayable("mlp_only_layers", HuggingFaceConfig.TextOf(config.Find("mlp_only_layers")), readers);
    }

    /// <summary>For families whose readers know no sliding window, though some configs say one.</summary>
    protected IEnumerable<string> WindowNotes(HuggingFaceConfig config)
    {
        bool isUsed = config.Find("use_sliding_window") is null || config.Flag("use_sliding_window");
        if (isUsed && config.CountOrNull("sliding_window") is { } window && window < config.Count("max_position_embeddings"))
        {
            yield return Invariant($"The model was trained with a sliding window of {window} tokens, which readers of GGUF's '{Name}' do not have: ")
                + "beyond it they attend to all tokens.";
        }
    }

    /// <summary>Length of the feed-forward part, 0 where a family may have none beside its experts.</summary>
    protected virtual long LengthOf(HuggingFaceConfig config) => config.Count("intermediate_size");

    /// <summary>Whether a tensor is of a layer behind the last one: these predict further tokens, which readers do without.</summary>
    protected static bool IsBehindLastLayer(string source, HuggingFaceConfig config) =>
        source.StartsWith(LayerPrefix, StringComparison.Ordinal)
        && long.TryParse(source[LayerPrefix.Length..].Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out long layer)
        && layer >= config.Count("num_hidden_layers");

    /// <summary>Whether a value of a list is this text.</summary>
    protected static bool IsText(JsonElement value, string text) => value.ValueKind == JsonValueKind.String && value.ValueEquals(text);

    protected GgufLayoutException NotSayable(string field, string found, string readers) => LayoutErrors.ConfigNotSayable(Name, field, found, readers);

    protected static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    protected static long Positive(HuggingFaceConfig config, string field) => config.Count(field) is > 0 and long count
        ? count
        : throw LayoutErrors.ConfigFieldInvalid(field, "0", "a number above 0");
}
