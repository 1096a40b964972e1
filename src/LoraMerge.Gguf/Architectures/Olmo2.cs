using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>OLMo 2: norms behind attention and feed-forward part, none before; norms of queries and keys over all heads.</summary>
internal class Olmo2 : Architecture
{
    public override string Name => "olmo2";

    public override ImmutableArray<string> Classes => ["Olmo2ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32, "hidden_act": "silu",
          "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": false }
        """;

    public override bool IsHeadNeeded => true;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        .. DecoderTensors.Ends,
        .. DecoderTensors.Attention,
        DecoderTensors.Of("attn_q_norm.weight", "self_attn.q_norm.weight", "q"),
        DecoderTensors.Of("attn_k_norm.weight", "self_attn.k_norm.weight", "kv"),
        DecoderTensors.Of("post_attention_norm.weight", "post_attention_layernorm.weight", "h"),
        .. DecoderTensors.FeedForward,
        DecoderTensors.Of("post_ffw_norm.weight", "post_feedforward_layernorm.weight", "h"),
    ];

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config, "linear", "yarn");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
    }
}
