using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Seed-OSS: biases of queries, keys and values.</summary>
internal sealed class SeedOss : Architecture
{
    public override string Name => "seed_oss";

    public override ImmutableArray<string> Classes => ["SeedOssForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 4096, "intermediate_size": 27648, "num_hidden_layers": 64, "num_attention_heads": 80, "num_key_value_heads": 8,
          "head_dim": 128, "hidden_act": "silu", "max_position_embeddings": 524288, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
          "attention_bias": true, "attention_out_bias": false, "mlp_bias": false, "tie_word_embeddings": false }
        """;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        .. DecoderTensors.Ends,
        DecoderTensors.Of("attn_norm.weight", "input_layernorm.weight", "h"),
        DecoderTensors.Of("post_attention_norm.weight", "post_attention_layernorm.weight", "h"),
        .. DecoderTensors.Attention,
        .. DecoderTensors.QueryKeyValueBiases.AllOptional(),
        .. DecoderTensors.FeedForward,
    ];

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config, "linear", "yarn");
        CheckFlag(config, "attention_out_bias", false, "have no bias behind attention");
        CheckFlag(config, "mlp_bias", false, "have no biases in the feed-forward part");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
    }
}
