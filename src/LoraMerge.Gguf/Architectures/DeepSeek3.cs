using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>
/// DeepSeek V3: latent attention, a few dense layers before those with experts. The key and value halves of <c>kv_b_proj</c> become tensors of their
/// own.
/// </summary>
internal class DeepSeek3 : Architecture
{
    public override string Name => "deepseek2";

    public override ImmutableArray<string> Classes => ["DeepseekV3ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 7168, "intermediate_size": 18432, "moe_intermediate_size": 2048, "num_hidden_layers": 61,
          "num_attention_heads": 128, "num_key_value_heads": 128, "n_shared_experts": 1, "n_routed_experts": 256,
          "routed_scaling_factor": 2.5, "kv_lora_rank": 512, "q_lora_rank": 1536, "qk_rope_head_dim": 64, "v_head_dim": 128,
          "qk_nope_head_dim": 128, "n_group": 8, "topk_group": 4, "num_experts_per_tok": 8, "first_k_dense_replace": 3, "moe_layer_freq": 1,
          "norm_topk_prob": true, "scoring_func": "sigmoid", "hidden_act": "silu", "max_position_embeddings": 4096, "rms_norm_eps": 1e-6,
          "rope_theta": 10000.0, "rope_interleave": true, "tie_word_embeddings": false }
        """;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        .. DecoderTensors.Ends,
        .. DecoderTensors.NormsBefore,
        .. config.CountOrNull("q_lora_rank") is null ? [DecoderTensors.Attention.First()] : (TensorRule[])
        [
            DecoderTensors.Of("attn_q_a.weight", "self_attn.q_a_proj.weight", "qrank h"),
            DecoderTensors.Of("attn_q_a_norm.weight", "self_attn.q_a_layernorm.weight", "qrank"),
            DecoderTensors.Of("attn_q_b.weight", "self_attn.q_b_proj.weight", "q qrank"),
        ],
        DecoderTensors.Of("attn_kv_a_mqa.weight", "self_attn.kv_a_proj_with_mqa.weight", "kva h"),
        DecoderTensors.Of("attn_kv_a_norm.weight", "self_attn.kv_a_layernorm.weight", "kvrank"),
        Half("attn_k_b.weight").Then(sizes => new Step.Take(1, 0, sizes["nope"])).Then(_ => new Step.Transpose()),
        Half("attn_v_b.weight").Then(sizes => new Step.Take(1, sizes["nope"], sizes["nope"] + sizes["value"])),
        DecoderTensors.Of("attn_output.weight", "self_attn.o_proj.weight", "h headvalues"),
        .. FeedForward(config, HasBias),
    ];

    public override bool IsLeftOut(string source, HuggingFaceConfig config) =>
        base.IsLeftOut(source, config) || IsBehindLastLayer(source, config);

    /// <summary>The way to queries, keys and values, and the head, are plain products in readers.</summary>
    public override bool TakesAdapter(string target) => target != DecoderTensors.Head.Target
        && !target.Contains(".attn_q", StringComparison.Ordinal) && !target.Contains(".attn_kv_a", StringComparison.Ordinal);

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        sizes["qrank"] = config.CountOrNull("q_lora_rank") ?? 0;
        sizes["kvrank"] = config.Count("kv_lora_rank");
        sizes["rope"] = config.Count("qk_rope_head_dim");
        sizes["nope"] = config.Count("qk_nope_head_dim");
        sizes["value"] = config.Count("v_head_dim");
        sizes["d"] = sizes["rope"] + sizes["nope"];
        sizes["q"] = sizes["heads"] * sizes["d"];
        sizes["kva"] = sizes["kvrank"] + sizes["rope"];
        sizes["kvb"] = sizes["heads"] * (sizes["nope"] + sizes["value"]);
        sizes["headvalues"] = sizes["heads"] * sizes["value"];
        MeasureExperts(config, sizes);
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckText(config, "scoring_func", "score experts by sigmoid or softmax", "sigmoid", "softmax");
        CheckRope(config, "linear", "yarn");
        CheckFlag(config, "rope_interleave", true, "turn pairs of neighbours");
        CheckFlag(config, "attention_bias", false, "have no biases in attention");
        CheckReal(config, "moe_layer_freq", 1, "take experts in every layer behind the dense ones");
        if (IsSmall(sizes) != (sizes["qrank"] == 0))
        {
            string kind = IsSmall(sizes) ? "of one matrix" : "of a low rank";
            throw NotSayable("q_lora_rank", HuggingFaceConfig.TextOf(config.Find("q_lora_rank")),
                Invariant($"want queries {kind} in a model of {sizes["layers"]} layers and {sizes["v"]} tokens"));
        }
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
        keys.Count("vocab_size", sizes["v"]);
        keys.Count("rope.dimension_count", sizes["rope"]);
        if (RopeScaling.Of(config).RealOrNull("mscale_all_dim") is { } scale)
            keys.Real("rope.scaling.yarn_log_multiplier", 0.1 * scale);

        // Latent attention is written as attention with one large key-value head.
        keys.Count("attention.head_count_kv", 1);
        if (sizes["qrank"] > 0)
            keys.Count("attention.q_lora_rank", sizes["qrank"]);
        keys.Count("attention.kv_lora_rank", sizes["kvrank"]);
        keys.Count("attention.key_length", sizes["kva"]);
        keys.Count("attention.value_length", sizes["kvrank"]);
        keys.Count("attention.key_length_mla", sizes["d"]);
        keys.Count("attention.value_length_mla", sizes["value"]);

        DescribeExperts(config, sizes, keys);
        if (config.Flag("norm_topk_prob"))
            keys.Flag("expert_weights_norm", true);
    }

    /// <summary>A few dense layers; behind them experts that are chosen, and those that every token takes.</summary>
    /// <param name="config">The model's.</param>
    /// <param name="hasBias">Whether the choice has a bias.</param>
    public static IEnumerable<TensorRule> FeedForward(HuggingFaceConfig config, bool hasBias)
    {
        long dense = config.Count("first_k_dense_replace");
        return
        [
            .. DecoderTensors.FeedForward.In(layer => layer < dense),
            .. ((TensorRule[])
            [
                .. DecoderTensors.Experts,
                .. hasBias ? [DecoderTensors.Of("exp_probs_b.bias", "mlp.gate.e_score_correction_bias", "experts")] : (TensorRule[])[],
                .. DecoderTensors.SharedExperts,
            ]).In(layer => layer >= dense),
        ];
    }

    /// <summary>Sizes of DeepSeek's experts.</summary>
    public static void MeasureExperts(HuggingFaceConfig config, Sizes sizes)
    {
        sizes["experts"] = config.Count("n_routed_experts");
        sizes["fe"] = config.Count("moe_intermediate_size");
        sizes["fe2"] = 2 * sizes["fe"];
        sizes["fs"] = sizes["fe"] * config.Count("n_shared_experts");
    }

    /// <summary>Keys of DeepSeek's experts, but whether their weights are normalised.</summary>
    public static void DescribeExperts(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        keys.Count("leading_dense_block_count", config.Count("first_k_dense_replace"));
        keys.Count("expert_count", sizes["experts"]);
        keys.Count("expert_used_count", config.Count("num_experts_per_tok"));
        keys.Count("expert_shared_count", config.Count("n_shared_experts"));
        keys.Count("expert_feed_forward_length", sizes["fe"]);
        keys.Count("expert_group_count", config.Count("n_group"));
        keys.Count("expert_group_used_count", config.Count("topk_group"));
        keys.Count("expert_gating_func", config.TextOrNull("scoring_func") == "softmax" ? 1 : 2);
        keys.Real("expert_weights_scale", config.Real("routed_scaling_factor"));
    }

    /// <summary>Whether the choice of experts has a bias.</summary>
    protected virtual bool HasBias => true;

    /// <summary>Models by whose size readers tell that their queries are of one matrix: V2 Lite, Kanana 2 and such.</summary>
    private static bool IsSmall(Sizes sizes) => sizes["layers"] is 26 or 27 || (sizes["layers"] == 48 && sizes["v"] == 128256);

    private static TensorRule Half(string target) => DecoderTensors.Of(target, "self_attn.kv_b_proj.weight", "kvb kvrank")
        .Then(sizes => new Step.Reshape([sizes["heads"], sizes["nope"] + sizes["value"], sizes["kvrank"]]));
}
