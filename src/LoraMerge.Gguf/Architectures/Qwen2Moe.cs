using System.Collections.Immutable;
using LoraMerge.Gguf.Faults;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Qwen 2 with experts and a shared expert.</summary>
internal sealed class Qwen2Moe : Architecture
{
    public override string Name => "qwen2moe";

    public override ImmutableArray<string> Classes => ["Qwen2MoeForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 24, "num_attention_heads": 16, "num_key_value_heads": 16,
          "hidden_act": "silu", "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "use_sliding_window": false,
          "sliding_window": 4096, "tie_word_embeddings": false, "num_experts": 60, "num_experts_per_tok": 4, "moe_intermediate_size": 1408,
          "shared_expert_intermediate_size": 5632, "norm_topk_prob": false, "decoder_sparse_step": 1 }
        """;

    public override bool IsHeadNeeded => true;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        .. DecoderTensors.Ends,
        .. DecoderTensors.NormsBefore,
        .. DecoderTensors.Attention,
        .. DecoderTensors.QueryKeyValueBiases.AllOptional(),
        .. DecoderTensors.Experts,
        .. SharedExpert,
    ];

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        MeasureExperts(config, sizes);
        sizes["fs"] = config.Count("shared_expert_intermediate_size");
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config, "linear", "yarn");
        CheckFlag(config, "norm_topk_prob", false, "never normalise the weights of the chosen experts");
        CheckExpertsInAllLayers(config);
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
        DescribeExperts(config, sizes, keys);
        keys.Count("expert_shared_feed_forward_length", sizes["fs"]);
    }

    public override IEnumerable<string> Notes(HuggingFaceConfig config, Sizes sizes) => WindowNotes(config);

    /// <summary>The expert that every token takes, and its gate.</summary>
    public static IEnumerable<TensorRule> SharedExpert =>
    [
        DecoderTensors.Of("ffn_gate_shexp.weight", "mlp.shared_expert.gate_proj.weight", "fs h"),
        DecoderTensors.Of("ffn_up_shexp.weight", "mlp.shared_expert.up_proj.weight", "fs h"),
        DecoderTensors.Of("ffn_down_shexp.weight", "mlp.shared_expert.down_proj.weight", "h fs"),
        DecoderTensors.Of("ffn_gate_inp_shexp.weight", "mlp.shared_expert_gate.weight", "1 h"),
    ];

    /// <summary>Sizes of Qwen's experts.</summary>
    public static void MeasureExperts(HuggingFaceConfig config, Sizes sizes)
    {
        sizes["experts"] = config.CountOrNull("num_experts") ?? config.CountOrNull("num_local_experts") ?? throw LayoutErrors.ConfigFieldMissing("num_experts");
        sizes["fe"] = config.Count("moe_intermediate_size");
        sizes["fe2"] = 2 * sizes["fe"];
    }

    /// <summary>Keys of Qwen's experts.</summary>
    public static void DescribeExperts(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        keys.Count("expert_count", sizes["experts"]);
        keys.Count("expert_used_count", config.Count("num_experts_per_tok"));
        keys.Count("expert_feed_forward_length", sizes["fe"]);
    }
}
