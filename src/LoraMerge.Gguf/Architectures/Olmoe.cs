using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>OLMoE: experts in every layer, norms of queries and keys over all heads.</summary>
internal sealed class Olmoe : Architecture
{
    public override string Name => "olmoe";

    public override ImmutableArray<string> Classes => ["OlmoeForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 2048, "intermediate_size": 2048, "num_hidden_layers": 16, "num_attention_heads": 16, "hidden_act": "silu",
          "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": false, "num_experts": 64,
          "num_experts_per_tok": 8, "norm_topk_prob": false }
        """;

    public override bool IsHeadNeeded => true;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        .. DecoderTensors.Ends,
        .. DecoderTensors.NormsBefore,
        .. DecoderTensors.Attention,
        DecoderTensors.Of("attn_q_norm.weight", "self_attn.q_norm.weight", "q"),
        DecoderTensors.Of("attn_k_norm.weight", "self_attn.k_norm.weight", "kv"),
        .. DecoderTensors.Experts,
    ];

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        sizes["experts"] = config.Count("num_experts");
        sizes["fe"] = sizes["f"];
        sizes["fe2"] = 2 * sizes["f"];
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config, "linear", "yarn");
        CheckFlag(config, "attention_bias", false, "have no biases in attention");
        CheckFlag(config, "norm_topk_prob", false, "never normalise the weights of the chosen experts");
        CheckReal(config, "clip_qkv", null, "never clip queries, keys and values");
        if (sizes["kv"] != sizes["h"])
            throw NotSayable("num_key_value_heads", Invariant($"{sizes["kvheads"]}"), "want as many of them as heads");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
        keys.Count("expert_count", sizes["experts"]);
        keys.Count("expert_used_count", config.Count("num_experts_per_tok"));
    }
}
