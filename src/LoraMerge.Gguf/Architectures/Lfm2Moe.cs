using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>LFM 2 with experts behind a few dense layers.</summary>
internal sealed class Lfm2Moe : Lfm2
{
    public override string Name => "lfm2moe";

    public override ImmutableArray<string> Classes => ["Lfm2MoeForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 2048, "intermediate_size": 7168, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
          "max_position_embeddings": 128000, "norm_eps": 1e-5, "rope_theta": 1000000.0, "conv_bias": false, "conv_L_cache": 3,
          "tie_word_embeddings": true, "moe_intermediate_size": 1792, "num_experts": 32, "num_experts_per_tok": 4, "num_dense_layers": 2,
          "norm_topk_prob": true, "use_expert_bias": true, "routed_scaling_factor": 1.0 }
        """;

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        Qwen2Moe.MeasureExperts(config, sizes);
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        base.Check(config, sizes);
        CheckFlag(config, "norm_topk_prob", true, "always normalise the weights of the chosen experts");
        CheckFlag(config, "use_expert_bias", true, "want a bias for the choice of experts");
        CheckReal(config, "routed_scaling_factor", 1, "never scale what experts add");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        Qwen2Moe.DescribeExperts(config, sizes, keys);
        keys.Count("leading_dense_block_count", config.Count("num_dense_layers"));
        keys.Count("expert_gating_func", 2);
    }

    protected override IEnumerable<TensorRule> FeedForward(HuggingFaceConfig config)
    {
        long dense = config.Count("num_dense_layers");
        const string part = "feed_forward.", experts = part + "experts.E.";
        return
        [
            .. base.FeedForward(config).In(layer => layer < dense),
            .. ((TensorRule[])
            [
                DecoderTensors.Of("ffn_gate_inp.weight", part + "gate.weight", "experts h"),
                DecoderTensors.Of("exp_probs_b.bias", part + "expert_bias", "experts"),
                DecoderTensors.Of("ffn_gate_exps.weight", experts + "w1.weight", "fe h"),
                DecoderTensors.Of("ffn_up_exps.weight", experts + "w3.weight", "fe h"),
                DecoderTensors.Of("ffn_down_exps.weight", experts + "w2.weight", "h fe"),
            ]).In(layer => layer >= dense),
        ];
    }
}
