using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Command R7B and A, Aya 2: one norm a layer without bias, the head always tied, rope only in layers with a sliding window.</summary>
internal sealed class Cohere2 : Architecture
{
    private const int Pattern = 4;
    private const string Readers = "slide in three of four layers";

    public override string Name => "cohere2";

    public override ImmutableArray<string> Classes => ["Cohere2ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 8192, "intermediate_size": 22528, "num_hidden_layers": 40, "num_attention_heads": 64, "hidden_act": "silu",
          "max_position_embeddings": 8192, "layer_norm_eps": 1e-5, "rope_theta": 10000.0, "logit_scale": 0.0625, "sliding_window": 4096,
          "rotary_pct": 1.0, "tie_word_embeddings": true }
        """;

    public override bool IsHeadAlwaysTied => true;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        DecoderTensors.Embedding,
        DecoderTensors.FinalNorm,
        DecoderTensors.Of("attn_norm.weight", "input_layernorm.weight", "h"),
        .. DecoderTensors.Attention,
        .. DecoderTensors.FeedForward,
    ];

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config);
        CheckFlag(config, "attention_bias", false, "have no biases in attention");
        CheckFlag(config, "use_qk_norm", false, "have no norms of queries and keys");
        if (config.CountOrNull("sliding_window_pattern") is { } pattern and not Pattern)
            throw NotSayable("sliding_window_pattern", Invariant($"{pattern}"), Readers);
        CheckLayers(config, sizes, "layer_types", (i, type) => IsText(type, (i + 1) % Pattern != 0 ? "sliding_attention" : "full_attention"), Readers);
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Text("rope.scaling.type", "none");
        keys.Count("rope.dimension_count", (long)(config.Real("rotary_pct") * sizes["d"]));
        keys.Count("vocab_size", sizes["v"]);
        keys.Count("attention.sliding_window", config.Count("sliding_window"));
        keys.Real("attention.layer_norm_epsilon", config.Real("layer_norm_eps"));
        keys.Real("logit_scale", config.Real("logit_scale"));
    }
}
