using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>gpt-oss: experts fused and the other way round, gate and up in alternate columns, sinks of attention.</summary>
internal sealed class GptOss : Architecture
{
    public override string Name => "gpt-oss";

    public override ImmutableArray<string> Classes => ["GptOssForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 2880, "intermediate_size": 2880, "num_hidden_layers": 36, "num_attention_heads": 64, "num_key_value_heads": 8,
          "head_dim": 64, "hidden_act": "silu", "max_position_embeddings": 131072, "rms_norm_eps": 1e-5, "rope_theta": 150000.0,
          "sliding_window": 128, "num_local_experts": 128, "num_experts_per_tok": 4, "swiglu_limit": 7.0, "tie_word_embeddings": false }
        """;

    public override bool IsHeadNeeded => true;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        .. DecoderTensors.Ends,
        DecoderTensors.Of("attn_norm.weight", "input_layernorm.weight", "h"),
        DecoderTensors.Of("post_attention_norm.weight", "post_attention_layernorm.weight", "h"),
        .. DecoderTensors.Attention,
        .. DecoderTensors.QueryKeyValueBiases,
        DecoderTensors.OutputBias,
        DecoderTensors.Of("attn_sinks.weight", "self_attn.sinks", "heads"),
        DecoderTensors.Of("ffn_gate_inp.weight", "mlp.router.weight", "experts h"),
        DecoderTensors.Of("ffn_gate_inp.bias", "mlp.router.bias", "experts"),
        Turned("ffn_gate_exps.weight", "mlp.experts.gate_up_proj", "experts h f2").Then(sizes => new Step.Take(1, 0, sizes["f2"], 2)),
        Turned("ffn_up_exps.weight", "mlp.experts.gate_up_proj", "experts h f2").Then(sizes => new Step.Take(1, 1, sizes["f2"], 2)),
        Turned("ffn_down_exps.weight", "mlp.experts.down_proj", "experts f h"),
        DecoderTensors.Of("ffn_gate_exps.bias", "mlp.experts.gate_up_proj_bias", "experts f2").Then(sizes => new Step.Take(1, 0, sizes["f2"], 2)),
        DecoderTensors.Of("ffn_up_exps.bias", "mlp.experts.gate_up_proj_bias", "experts f2").Then(sizes => new Step.Take(1, 1, sizes["f2"], 2)),
        DecoderTensors.Of("ffn_down_exps.bias", "mlp.experts.down_proj_bias", "experts h"),
    ];

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        sizes["experts"] = config.Count("num_local_experts");
        sizes["f2"] = 2 * sizes["f"];
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take a SwiGLU of its own", "silu", "swish");
        CheckReal(config, "swiglu_limit", 7, "cut the SwiGLU at 7");
        CheckRope(config, "linear", "yarn");
        CheckLayers(config, sizes, "layer_types", (i, type) => IsText(type, i % 2 == 0 ? "sliding_attention" : "full_attention"),
            "slide in every second layer, from the first on");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
        keys.Count("attention.sliding_window", config.Count("sliding_window"));
        keys.Count("expert_count", sizes["experts"]);
        keys.Count("expert_used_count", config.Count("num_experts_per_tok"));
        keys.Count("expert_feed_forward_length", sizes["f"]);
    }

    private static TensorRule Turned(string target, string source, string shape) => DecoderTensors.Of(target, source, shape).Then(_ => new Step.Transpose());
}
