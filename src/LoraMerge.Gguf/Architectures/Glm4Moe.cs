using System.Collections.Immutable;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Architectures;

/// <summary>GLM 4.5 to 4.7: a few dense layers before those with experts and shared ones, rope on a part of each head.</summary>
internal sealed class Glm4Moe : Architecture
{
    public override string Name => "glm4moe";

    public override ImmutableArray<string> Classes => ["Glm4MoeForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 4096, "intermediate_size": 10944, "num_hidden_layers": 46, "num_attention_heads": 96, "num_key_value_heads": 8,
          "head_dim": 128, "partial_rotary_factor": 0.5, "hidden_act": "silu", "max_position_embeddings": 131072, "rms_norm_eps": 1e-5,
          "rope_theta": 10000.0, "tie_word_embeddings": false, "moe_intermediate_size": 1408, "num_experts_per_tok": 8,
          "n_shared_experts": 1, "n_routed_experts": 128, "routed_scaling_factor": 1.0, "n_group": 1, "topk_group": 1,
          "first_k_dense_replace": 1, "norm_topk_prob": true, "use_qk_norm": false }
        """;

    /// <summary>Special tokens of all its kin.</summary>
    public static TokenizerRules TokenizerOfGlm => TokenizerRules.Default with
    {
        PreTokenizer = "glm4",
        SpecialTexts = [("bos", "[gMASK]"), ("eot", "<|user|>"), ("unk", "<|endoftext|>"), ("eom", "<|observation|>")],
    };

    public override TokenizerRules Tokenizer(HuggingFaceConfig config) => TokenizerOfGlm;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        .. DecoderTensors.Ends,
        DecoderTensors.Of("attn_norm.weight", "input_layernorm.weight", "h"),
        DecoderTensors.Of("post_attention_norm.weight", "post_attention_layernorm.weight", "h"),
        .. DecoderTensors.Attention,
        .. DecoderTensors.QueryKeyValueBiases.AllOptional(),
        .. config.Flag("use_qk_norm") ? DecoderTensors.HeadNorms : [],
        .. DeepSeek3.FeedForward(config, hasBias: true),
    ];

    public override bool IsLeftOut(string source, HuggingFaceConfig config) => base.IsLeftOut(source, config) || IsBehindLastLayer(source, config);

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        DeepSeek3.MeasureExperts(config, sizes);
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckText(config, "scoring_func", "score experts by sigmoid", "sigmoid");
        CheckRope(config, "linear", "yarn");
        _ = Positive(config, "n_routed_experts");
        _ = Positive(config, "n_shared_experts");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
        double part = RopeScaling.PartOf(config);
        keys.Count("rope.dimension_count", (long)(part * sizes["d"]));
        DeepSeek3.DescribeExperts(config, sizes, keys);
        keys.Flag("expert_weights_norm", config.Flag("norm_topk_prob"));
    }
}
