using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>StableLM 3B and 2: layer norms, rope on a part of each head.</summary>
internal sealed class StableLm : Architecture
{
    public override string Name => "stablelm";

    public override ImmutableArray<string> Classes => ["StableLmForCausalLM", "StableLMEpochForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 2560, "intermediate_size": 6912, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32,
          "hidden_act": "silu", "max_position_embeddings": 4096, "layer_norm_eps": 1e-5, "rope_theta": 10000.0,
          "partial_rotary_factor": 0.25, "use_qkv_bias": false, "qk_layernorm": false, "use_parallel_residual": false,
          "tie_word_embeddings": false }
        """;

    public override bool IsHeadNeeded => true;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config)
    {
        bool isParallel = config.Flag("use_parallel_residual");
        return
        [
            .. DecoderTensors.Ends,
            new("output_norm.bias", "model.norm.bias", "h"),
            .. DecoderTensors.NormsBefore.Take(isParallel ? 1 : 2),
            DecoderTensors.Of("attn_norm.bias", "input_layernorm.bias", "h"),
            .. isParallel ? [] : (TensorRule[])[DecoderTensors.Of("ffn_norm.bias", "post_attention_layernorm.bias", "h")],
            .. DecoderTensors.Attention,
            .. DecoderTensors.QueryKeyValueBiases.AllOptional(),
            .. config.Flag("qk_layernorm") ? NormsOfHeads : [],
            .. DecoderTensors.FeedForward,
        ];
    }

    /// <summary>A norm for each head.</summary>
    private static IEnumerable<TensorRule> NormsOfHeads =>
    [
        DecoderTensors.Of("attn_q_norm.weight", "self_attn.q_layernorm.norms.E.weight", "d") with { Stacked = "heads" },
        DecoderTensors.Of("attn_k_norm.weight", "self_attn.k_layernorm.norms.E.weight", "d") with { Stacked = "kvheads" },
    ];

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config);
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeUnusualRopeBase(config, keys);
        double part = RopeScaling.PartOf(config);
        keys.Count("rope.dimension_count", (long)(part * sizes["d"]));
        keys.Flag("use_parallel_residual", config.Flag("use_parallel_residual"));
        keys.Real("attention.layer_norm_epsilon", config.Real("layer_norm_eps"));
    }
}
