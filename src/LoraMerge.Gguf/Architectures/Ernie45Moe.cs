using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>ERNIE 4.5 with experts and shared ones behind a few dense layers.</summary>
internal sealed class Ernie45Moe : Ernie45
{
    private static readonly string[] s_ofFurtherTokens = ["mtp_block.", "mtp_emb_norm.", "mtp_hidden_norm.", "mtp_linear_proj."];

    public override string Name => "ernie4_5-moe";

    public override ImmutableArray<string> Classes => ["Ernie4_5_MoeForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 2560, "intermediate_size": 12288, "num_hidden_layers": 28, "num_attention_heads": 20, "num_key_value_heads": 4,
          "hidden_act": "silu", "max_position_embeddings": 131072, "rms_norm_eps": 1e-5, "rope_theta": 500000.0, "use_bias": false,
          "tie_word_embeddings": true, "moe_num_experts": 64, "moe_k": 6, "moe_intermediate_size": 1536, "moe_num_shared_experts": 2,
          "moe_layer_start_index": 1, "moe_layer_interval": 1 }
        """;

    public override bool CanRestore => false;

    public override bool IsLeftOut(string source, HuggingFaceConfig config) =>
        base.IsLeftOut(source, config) || Array.Exists(s_ofFurtherTokens, part => source.StartsWith("model." + part, StringComparison.Ordinal));

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        sizes["experts"] = Positive(config, "moe_num_experts");
        sizes["fe"] = config.Count("moe_intermediate_size");
        sizes["fe2"] = 2 * sizes["fe"];
        sizes["fs"] = sizes["fe"] * config.Count("moe_num_shared_experts");
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        base.Check(config, sizes);
        CheckReal(config, "moe_layer_interval", 1, "take experts in every layer behind the dense ones");
        if (config.RealOrNull("moe_layer_end_index") is { } last && last != -1 && last != sizes["layers"] - 1)
            throw NotSayable("moe_layer_end_index", Invariant($"{last}"), "take experts up to the last layer");
        _ = Positive(config, "moe_num_shared_experts");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        keys.Count("expert_count", sizes["experts"]);
        keys.Count("expert_used_count", config.Count("moe_k"));
        keys.Count("interleave_moe_layer_step", config.Count("moe_layer_interval"));
        keys.Count("leading_dense_block_count", config.Count("moe_layer_start_index"));
        keys.Count("expert_feed_forward_length", sizes["fe"]);
        keys.Count("expert_shared_count", config.Count("moe_num_shared_experts"));
        keys.Count("expert_shared_feed_forward_length", sizes["fs"]);
    }

    protected override IEnumerable<TensorRule> FeedForward(HuggingFaceConfig config)
    {
        long dense = config.Count("moe_layer_start_index");
        return
        [
            .. base.FeedForward(config).In(layer => layer < dense),
            .. ((TensorRule[])
            [
                .. DecoderTensors.Experts,
                DecoderTensors.Of("exp_probs_b.bias", "mlp.moe_statics.e_score_correction_bias", "1 experts"),
                .. DecoderTensors.SharedExperts,
            ]).In(layer => layer >= dense),
        ];
    }
}
