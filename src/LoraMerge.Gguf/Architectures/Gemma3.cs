using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace LoraMerge.Gguf.Architectures;

/// <summary>
/// Gemma 3, the part for text, that for images left out: norms of queries and keys, five of six layers with a sliding window and rope of their own.
/// </summary>
internal sealed class Gemma3 : Gemma2
{
    private const int Pattern = 6;

    public override string Name => "gemma3";

    public override ImmutableArray<string> Classes => ["Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"];

    public override string Defaults => """
        { "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8, "num_key_value_heads": 4,
          "head_dim": 256, "max_position_embeddings": 131072, "rms_norm_eps": 1e-6, "rope_theta": 1000000.0,
          "rope_local_base_freq": 10000.0, "tie_word_embeddings": true, "query_pre_attn_scalar": 256, "sliding_window": 4096,
          "vocab_size": 262208 }
        """;

    public override bool IsHeadAlwaysTied => false;

    public override bool IsEmbeddingCut => true;

    protected override long LayersOfLargest => 62;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        CutToVocabulary(DecoderTensors.Embedding),
        .. PlusOne([DecoderTensors.FinalNorm, .. FourNorms, .. DecoderTensors.HeadNorms]),
        .. DecoderTensors.Attention,
        .. DecoderTensors.FeedForward,
        CutToVocabulary(DecoderTensors.Head),
    ];

    public override IEnumerable<string> Spellings(string source) => ImageText.Spellings(source);

    public override bool IsLeftOut(string source, HuggingFaceConfig config) => base.IsLeftOut(source, config) || ImageText.IsOfImages(source);

    public override JsonObject? Restore(GgufKeys keys)
    {
        JsonObject config = RestoreGemma(keys, "gemma3_text");
        config["sliding_window"] = keys.Count("attention.sliding_window");
        config["sliding_window_pattern"] = Pattern;
        config["rope_local_base_freq"] = keys.RealOrNull("rope.freq_base_swa") ?? 10000;
        config["final_logit_softcapping"] = keys.RealOrNull("final_logit_softcapping");
        config["attn_logit_softcapping"] = null;
        config["query_pre_attn_scalar"] = QueryScalar(
            keys.Count("block_count"), keys.Count("embedding_length"), keys.Count("attention.head_count"), config["head_dim"]!.GetValue<long>());
        return config;
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_activation", "always take GELU by tanh", "gelu_pytorch_tanh", "gelu_new");
        CheckRope(config, "linear", "yarn");
        if (RopeScaling.Of(config, "sliding_attention") is { IsScaled: true } local)
            throw NotSayable($"{local.Field}.sliding_attention", $"\"{local.Kind}\"", "never scale rope in layers with a sliding window");
        CheckQueryScale(config, sizes);
        string field = config.Find("_sliding_window_pattern") is null ? "sliding_window_pattern" : "_sliding_window_pattern";
        if (config.CountOrNull(field) is { } pattern and not Pattern)
            throw NotSayable(field, Invariant($"{pattern}"), "slide in five of six layers");
        CheckLayers(config, sizes, "layer_types", (i, type) => IsText(type, (i + 1) % Pattern != 0 ? "sliding_attention" : "full_attention"),
            "slide in five of six layers");
        CheckReal(config, "attn_logit_softcapping", null, "never cap the logits of attention");
        CheckFlag(config, "use_bidirectional_attention", false, "attend to earlier tokens only");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        DescribeSizes(config, sizes, keys);
        DescribeRope(config, keys);
        RopeScaling local = RopeScaling.Of(config, "sliding_attention");
        keys.Real("rope.freq_base_swa", local.RealOrNull("rope_theta") ?? config.Real("rope_local_base_freq"));
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
        keys.Count("attention.sliding_window", config.Count("sliding_window"));
        if (config.RealOrNull("final_logit_softcapping") is { } cap)
            keys.Real("final_logit_softcapping", cap);
    }

    private static TensorRule CutToVocabulary(TensorRule rule) => rule.Then(sizes => new Step.Take(0, 0, sizes["tokens"]));
}
