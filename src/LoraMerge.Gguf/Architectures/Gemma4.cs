using System.Collections.Immutable;
using System.Text.Json;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Architectures;

/// <summary>
/// Gemma 4, the part for text: heads of another size in layers that attend to all tokens, perhaps embeddings for each layer, layers with the keys and
/// values of earlier ones, and experts beside the feed-forward part.
/// </summary>
internal sealed class Gemma4 : Architecture
{
    private const string Sliding = "sliding_attention";

    public override string Name => "gemma4";

    public override ImmutableArray<string> Classes => ["Gemma4ForConditionalGeneration", "Gemma4ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 30, "num_attention_heads": 8, "num_key_value_heads": 4,
          "head_dim": 256, "global_head_dim": 512, "hidden_activation": "gelu_pytorch_tanh", "max_position_embeddings": 131072,
          "rms_norm_eps": 1e-6, "tie_word_embeddings": true, "sliding_window": 512, "hidden_size_per_layer_input": 256,
          "num_kv_shared_layers": 0, "use_double_wide_mlp": false, "attention_k_eq_v": false, "enable_moe_block": false }
        """;

    public override TokenizerRules Tokenizer(HuggingFaceConfig config) => TokenizerRules.Default with { IsOfGemma4 = true, SpacePrefix = false };

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        .. DecoderTensors.Ends,
        .. config.CountOrNull("hidden_size_per_layer_input") is > 0 ? LayerInputs : [],
        .. Gemma2.FourNorms,
        DecoderTensors.Of("layer_output_scale.weight", "layer_scalar", "1").Optional(),
        .. Attention(config, isSliding: true),
        .. Attention(config, isSliding: false),
        .. DecoderTensors.FeedForward.In(layer => !IsWide(config, layer)),
        .. DecoderTensors.FeedForward.Select(rule =>
            (rule with { Shape = rule.Shape.Replace("f", "f2", StringComparison.Ordinal) }).In(layer => IsWide(config, layer))),
        .. config.Flag("enable_moe_block") ? Experts : [],
    ];

    public override IEnumerable<string> Spellings(string source) => ImageText.Spellings(source);

    public override bool IsLeftOut(string source, HuggingFaceConfig config) => base.IsLeftOut(source, config) || ImageText.IsOfImages(source);

    public override bool TakesAdapter(string target) => !target.StartsWith("per_layer_", StringComparison.Ordinal);

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        sizes["f2"] = 2 * sizes["f"];
        sizes["p"] = config.CountOrNull("hidden_size_per_layer_input") ?? 0;
        sizes["each"] = sizes["p"] * sizes["layers"];
        sizes["dg"] = config.Count("global_head_dim");
        sizes["qg"] = sizes["heads"] * sizes["dg"];
        sizes["kvg"] = (config.CountOrNull("num_global_key_value_heads") ?? sizes["kvheads"]) * sizes["dg"];
        if (config.Flag("enable_moe_block"))
            Qwen2Moe.MeasureExperts(config, sizes);
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_activation", "always take GELU by tanh", "gelu_pytorch_tanh", "gelu_new");
        CheckFlag(config, "attention_bias", false, "have no biases in attention");
        if (config.Find("use_bidirectional_attention") is { } way && way.ValueKind != JsonValueKind.False && !IsText(way, "vision"))
            throw NotSayable("use_bidirectional_attention", HuggingFaceConfig.TextOf(way), "attend to earlier tokens only");
        RopeScaling whole = RopeScaling.Of(config);
        if (whole.Kind != "proportional" || whole.RealOrNull("factor") is not (null or 1))
            throw NotSayable("rope_parameters.full_attention", $"\"{whole.Kind}\"",
                "turn a part of each head where they attend to all tokens (\"proportional\")");
        if (RopeScaling.Of(config, Sliding) is { IsScaled: true } local)
            throw NotSayable($"{local.Field}.{Sliding}", $"\"{local.Kind}\"", "never scale rope in layers with a sliding window");
        if (TypesOf(config).Length != sizes["layers"])
            throw NotSayable("layer_types", HuggingFaceConfig.TextOf(config.Find("layer_types")),
                Invariant($"want to know which of {sizes["layers"]} layers slide"));
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        ImmutableArray<bool> slides = TypesOf(config);
        if (config.Flag("use_double_wide_mlp"))
            keys.Counts("feed_forward_length", Enumerable.Range(0, slides.Length).Select(layer => sizes[IsWide(config, layer) ? "f2" : "f"]));
        if (config.CountOrNull("num_global_key_value_heads") is { } heads)
            keys.Counts("attention.head_count_kv", slides.Select(isSliding => isSliding ? sizes["kvheads"] : heads));
        keys.Count("attention.key_length", sizes["dg"]);
        keys.Count("attention.value_length", sizes["dg"]);
        keys.Count("attention.key_length_swa", sizes["d"]);
        keys.Count("attention.value_length_swa", sizes["d"]);
        keys.Count("attention.sliding_window", config.Count("sliding_window"));
        keys.Flags("attention.sliding_window_pattern", slides);
        keys.Count("attention.shared_kv_layers", config.Count("num_kv_shared_layers"));
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
        keys.Count("embedding_length_per_layer_input", sizes["p"]);
        keys.Real("rope.freq_base", RopeScaling.Of(config).Theta);
        keys.Real("rope.freq_base_swa", RopeScaling.Of(config, Sliding).Theta);
        keys.Count("rope.dimension_count", sizes["dg"]);
        keys.Count("rope.dimension_count_swa", sizes["d"]);
        if (config.RealOrNull("final_logit_softcapping") is { } cap)
            keys.Real("final_logit_softcapping", cap);
        if (config.Flag("enable_moe_block"))
        {
            keys.Count("expert_count", sizes["experts"]);
            keys.Count("expert_used_count", config.Count("top_k_experts"));
            keys.Count("expert_feed_forward_length", sizes["fe"]);
        }
    }

    /// <summary>Where layers attend to all tokens, only the first frequencies of a head turn: the others are divided by very much.</summary>
    public override IEnumerable<(string Name, float[] Numbers)> ComputedTensors(HuggingFaceConfig config, Sizes sizes)
    {
        const float never = 1e30f;
        long turned = (long)(sizes["dg"] * RopeScaling.Of(config).Real("partial_rotary_factor") / 2);
        return [("rope_freqs.weight", [.. Enumerable.Range(0, (int)sizes["dg"] / 2).Select(i => i < turned ? 1 : never)])];
    }

    private static IEnumerable<TensorRule> LayerInputs =>
    [
        new("per_layer_token_embd.weight", "model.embed_tokens_per_layer.weight", "v each"),
        new("per_layer_model_proj.weight", "model.per_layer_model_projection.weight", "each h"),
        new("per_layer_proj_norm.weight", "model.per_layer_projection_norm.weight", "p"),
        DecoderTensors.Of("inp_gate.weight", "per_layer_input_gate.weight", "p h"),
        DecoderTensors.Of("proj.weight", "per_layer_projection.weight", "h p"),
        DecoderTensors.Of("post_norm.weight", "post_per_layer_input_norm.weight", "h"),
    ];

    private static IEnumerable<TensorRule> Experts =>
    [
        DecoderTensors.Of("ffn_gate_inp.weight", "router.proj.weight", "experts h"),
        DecoderTensors.Of("ffn_gate_inp.scale", "router.scale", "h"),
        DecoderTensors.Of("ffn_down_exps.scale", "router.per_expert_scale", "experts"),
        DecoderTensors.Of("ffn_gate_up_exps.weight", "experts.gate_up_proj", "experts fe2 h"),
        DecoderTensors.Of("ffn_down_exps.weight", "experts.down_proj", "experts h fe"),
        DecoderTensors.Of("pre_ffw_norm_2.weight", "pre_feedforward_layernorm_2.weight", "h"),
        DecoderTensors.Of("post_ffw_norm_1.weight", "post_feedforward_layernorm_1.weight", "h"),
        DecoderTensors.Of("post_ffw_norm_2.weight", "post_feedforward_layernorm_2.weight", "h"),
    ];

    /// <summary>Attention of layers of one kind; the last ones may lack keys and values, and layers that attend to all may take keys for values.</summary>
    private static IEnumerable<TensorRule> Attention(HuggingFaceConfig config, bool isSliding)
    {
        (string q, string kv, string d) = isSliding ? ("q", "kv", "d") : ("qg", "kvg", "dg");
        ImmutableArray<bool> slides = TypesOf(config);
        bool hasValues = isSliding || !config.Flag("attention_k_eq_v");
        IEnumerable<TensorRule> own =
        [
            DecoderTensors.Of("attn_k.weight", "self_attn.k_proj.weight", $"{kv} h"),
            .. hasValues ? [DecoderTensors.Of("attn_v.weight", "self_attn.v_proj.weight", $"{kv} h")] : (TensorRule[])[],
            DecoderTensors.Of("attn_k_norm.weight", "self_attn.k_norm.weight", d),
        ];
        IEnumerable<TensorRule> rules =
        [
            DecoderTensors.Of("attn_q.weight", "self_attn.q_proj.weight", $"{q} h"),
            DecoderTensors.Of("attn_output.weight", "self_attn.o_proj.weight", $"h {q}"),
            DecoderTensors.Of("attn_q_norm.weight", "self_attn.q_norm.weight", d),
        ];
        return
        [
            .. rules.In(layer => Slides(layer) == isSliding),
            .. own.In(layer => Slides(layer) == isSliding && !TakesKeys(config, layer)),
            .. own.AllOptional().In(layer => Slides(layer) == isSliding && TakesKeys(config, layer)),
        ];

        bool Slides(long layer) => layer < slides.Length && slides[(int)layer];
    }

    private static ImmutableArray<bool> TypesOf(HuggingFaceConfig config) =>
        config.ListOrNull("layer_types") is { } types ? [.. types.Select(type => IsText(type, Sliding))] : [];

    /// <summary>Whether a layer takes the keys and values of an earlier one.</summary>
    private static bool TakesKeys(HuggingFaceConfig config, long layer) => layer >= config.Count("num_hidden_layers") - config.Count("num_kv_shared_layers");

    private static bool IsWide(HuggingFaceConfig config, long layer) => config.Flag("use_double_wide_mlp") && TakesKeys(config, layer);
}
