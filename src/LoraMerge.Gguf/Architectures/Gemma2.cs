using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Gemma 2: four norms a layer, soft caps, every second layer with a sliding window.</summary>
internal class Gemma2 : Gemma
{
    public override string Name => "gemma2";

    public override ImmutableArray<string> Classes => ["Gemma2ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8, "num_key_value_heads": 4,
          "head_dim": 256, "max_position_embeddings": 8192, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": true,
          "query_pre_attn_scalar": 256, "sliding_window": 4096, "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0 }
        """;

    public override TokenizerRules Tokenizer(HuggingFaceConfig config) => TokenizerRules.Default with { SpacePrefix = false };

    /// <summary>The number of layers by which readers know the model of 27 billion, which scales queries otherwise.</summary>
    protected virtual long LayersOfLargest => 46;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        DecoderTensors.Embedding,
        .. PlusOne([DecoderTensors.FinalNorm, .. FourNorms]),
        .. DecoderTensors.Attention,
        .. DecoderTensors.FeedForward,
    ];

    public override JsonObject? Restore(GgufKeys keys)
    {
        JsonObject config = RestoreGemma(keys, "gemma2");
        config["attn_logit_softcapping"] = keys.RealOrNull("attn_logit_softcapping") ?? 50;
        config["final_logit_softcapping"] = keys.RealOrNull("final_logit_softcapping") ?? 30;
        config["sliding_window"] = keys.Count("attention.sliding_window");
        config["query_pre_attn_scalar"] = QueryScalar(
            keys.Count("block_count"), keys.Count("embedding_length"), keys.Count("attention.head_count"), config["head_dim"]!.GetValue<long>());
        return config;
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        base.Check(config, sizes);
        CheckQueryScale(config, sizes);
        CheckLayers(config, sizes, "layer_types", (i, type) => IsText(type, i % 2 == 0 ? "sliding_attention" : "full_attention"),
            "slide in every second layer, from the first on");
        if (config.RealOrNull("attn_logit_softcapping") is null)
            throw NotSayable("attn_logit_softcapping", "null", "always cap the logits of attention");
        if (config.RealOrNull("final_logit_softcapping") is null)
            throw NotSayable("final_logit_softcapping", "null", "always cap the final logits");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        keys.Real("attn_logit_softcapping", config.Real("attn_logit_softcapping"));
        keys.Real("final_logit_softcapping", config.Real("final_logit_softcapping"));
        keys.Count("attention.sliding_window", config.Count("sliding_window"));
    }

    /// <summary>Norms before and behind attention and the feed-forward part.</summary>
    public static IEnumerable<TensorRule> FourNorms =>
    [
        DecoderTensors.Of("attn_norm.weight", "input_layernorm.weight", "h"),
        DecoderTensors.Of("post_attention_norm.weight", "post_attention_layernorm.weight", "h"),
        DecoderTensors.Of("ffn_norm.weight", "pre_feedforward_layernorm.weight", "h"),
        DecoderTensors.Of("post_ffw_norm.weight", "post_feedforward_layernorm.weight", "h"),
    ];

    protected void CheckQueryScale(HuggingFaceConfig config, Sizes sizes)
    {
        long scalar = QueryScalar(sizes["layers"], sizes["h"], sizes["heads"], sizes["d"]);
        CheckReal(config, "query_pre_attn_scalar", scalar, Invariant($"divide queries by the root of {scalar}"));
    }

    protected long QueryScalar(long layers, long hidden, long heads, long headSize) => layers == LayersOfLargest ? hidden / heads : headSize;
}
