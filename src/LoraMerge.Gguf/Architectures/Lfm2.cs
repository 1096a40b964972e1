using System.Collections.Immutable;
using System.Text.Json;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Architectures;

/// <summary>LFM 2: short convolutions in most layers, attention in the others; the final norm stands at the embedding.</summary>
internal class Lfm2 : Architecture
{
    public override string Name => "lfm2";

    public override ImmutableArray<string> Classes => ["Lfm2ForCausalLM", "LFM2ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 2560, "intermediate_size": 12288, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
          "max_position_embeddings": 128000, "norm_eps": 1e-5, "rope_theta": 1000000.0, "conv_bias": false, "conv_L_cache": 3,
          "block_multiple_of": 256, "block_ffn_dim_multiplier": 1.0, "block_auto_adjust_ff_dim": true, "tie_word_embeddings": true }
        """;

    public override TokenizerRules Tokenizer(HuggingFaceConfig config) => TokenizerRules.Default with { PreTokenizer = "lfm2" };

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config)
    {
        bool[] isAttention = AttentionLayers(config);
        return
        [
            DecoderTensors.Embedding,
            new("token_embd_norm.weight", "model.embedding_norm.weight", "h"),
            DecoderTensors.Of("attn_norm.weight", "operator_norm.weight", "h"),
            .. ((TensorRule[])
            [
                DecoderTensors.Of("shortconv.conv.weight", "conv.conv.weight", "h 1 cache").Then(sizes => new Step.Reshape([sizes["h"], sizes["cache"]])),
                DecoderTensors.Of("shortconv.in_proj.weight", "conv.in_proj.weight", "h3 h"),
                DecoderTensors.Of("shortconv.out_proj.weight", "conv.out_proj.weight", "h h"),
            ]).In(layer => !isAttention[layer]),
            .. ((TensorRule[])
            [
                .. DecoderTensors.Attention.SkipLast(1),
                DecoderTensors.Of("attn_output.weight", "self_attn.out_proj.weight", "h q"),
                DecoderTensors.Of("attn_q_norm.weight", "self_attn.q_layernorm.weight", "d"),
                DecoderTensors.Of("attn_k_norm.weight", "self_attn.k_layernorm.weight", "d"),
            ]).In(layer => isAttention[layer]),
            DecoderTensors.Of("ffn_norm.weight", "ffn_norm.weight", "h"),
            .. FeedForward(config),
            DecoderTensors.Head,
        ];
    }

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        sizes["cache"] = config.Count("conv_L_cache");
        sizes["h3"] = 3 * sizes["h"];
        sizes["f"] = config.CountOrNull("block_ff_dim") ?? sizes["f"];
        if (config.Flag("block_auto_adjust_ff_dim"))
        {
            long adjusted = (long)((config.RealOrNull("block_ffn_dim_multiplier") ?? 1) * (2 * sizes["f"] / 3));
            long multiple = config.Count("block_multiple_of");
            sizes["f"] = (adjusted + multiple - 1) / multiple * multiple;
        }
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckRope(config, "linear", "yarn");
        CheckFlag(config, "conv_bias", false, "have no biases in convolutions");
        if (AttentionLayers(config).Length != sizes["layers"])
            throw LayoutErrors.ConfigFieldInvalid(
                "layer_types", Invariant($"a list of {AttentionLayers(config).Length} layers"), Invariant($"one for each of {sizes["layers"]} layers"));
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        keys.Counts("attention.head_count_kv", AttentionLayers(config).Select(isAttention => isAttention ? sizes["kvheads"] : 0));
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("norm_eps"));
        keys.Count("vocab_size", sizes["v"]);
        keys.Count("shortconv.l_cache", sizes["cache"]);
    }

    protected virtual IEnumerable<TensorRule> FeedForward(HuggingFaceConfig config) =>
    [
        DecoderTensors.Of("ffn_gate.weight", "feed_forward.w1.weight", "f h"),
        DecoderTensors.Of("ffn_up.weight", "feed_forward.w3.weight", "f h"),
        DecoderTensors.Of("ffn_down.weight", "feed_forward.w2.weight", "h f"),
    ];

    private static bool[] AttentionLayers(HuggingFaceConfig config)
    {
        if (config.ListOrNull("layer_types") is { } types)
            return [.. types.Select(type => !IsText(type, "conv"))];
        ImmutableArray<JsonElement> indices = config.ListOrNull("full_attn_idxs") ?? throw LayoutErrors.ConfigFieldMissing("layer_types");
        ImmutableArray<long> attention = [.. indices.Select(index => HuggingFaceConfig.IntegerOf(index) ?? -1)];
        return [.. Enumerable.Range(0, (int)config.Count("num_hidden_layers")).Select(layer => attention.Contains(layer))];
    }
}
