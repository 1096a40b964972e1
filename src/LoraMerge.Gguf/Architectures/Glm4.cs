using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Architectures;

/// <summary>GLM 4 (0414): four norms a layer, gate and up fused, rope on a part of each head.</summary>
internal sealed class Glm4 : Architecture
{
    public override string Name => "glm4";

    public override ImmutableArray<string> Classes => ["Glm4ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 4096, "intermediate_size": 13696, "num_hidden_layers": 40, "num_attention_heads": 32, "num_key_value_heads": 2,
          "head_dim": 128, "hidden_act": "silu", "max_position_embeddings": 131072, "rms_norm_eps": 1.5625e-7, "rope_theta": 10000.0,
          "partial_rotary_factor": 0.5, "tie_word_embeddings": false }
        """;

    public override TokenizerRules Tokenizer(HuggingFaceConfig config) => TokenizerRules.Default with
    {
        PreTokenizer = "glm4",
        SpecialTexts = [("eos", "<|endoftext|>"), ("eot", "<|user|>"), ("unk", "<|endoftext|>"), ("bos", "<|endoftext|>")],
    };

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        .. DecoderTensors.Ends,
        .. DecoderTensors.NormsBefore,
        .. DecoderTensors.Attention,
        .. DecoderTensors.QueryKeyValueBiases.AllOptional(),
        DecoderTensors.Of("post_attention_norm.weight", "post_self_attn_layernorm.weight", "h"),
        DecoderTensors.Of("ffn_up.weight", "mlp.gate_up_proj.weight", "f2 h"),
        DecoderTensors.Of("ffn_down.weight", "mlp.down_proj.weight", "h f"),
        DecoderTensors.Of("post_ffw_norm.weight", "post_mlp_layernorm.weight", "h"),
    ];

    public override bool CanRestore => true;

    public override JsonObject? Restore(GgufKeys keys)
    {
        if (keys.Has("rope.dimension_sections"))
            return null; // a model that reads images, with the rows of its heads in another order
        JsonObject config = RestoreSizes(keys, "glm4", Classes[0]);
        config["partial_rotary_factor"] = keys.Count("rope.dimension_count") / (double)config["head_dim"]!.GetValue<long>();
        config["attention_bias"] = keys.HasTensor("blk.0.attn_q.bias");
        return config;
    }

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        sizes["f2"] = 2 * sizes["f"];
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config, "linear", "yarn");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
        double part = RopeScaling.PartOf(config);
        keys.Count("rope.dimension_count", (long)(part * sizes["d"]));
    }
}
