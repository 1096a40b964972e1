using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>StarCoder 2: biases everywhere, a feed-forward part without gate.</summary>
internal sealed class Starcoder2 : Architecture
{
    public override string Name => "starcoder2";

    public override ImmutableArray<string> Classes => ["Starcoder2ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 3072, "intermediate_size": 12288, "num_hidden_layers": 30, "num_attention_heads": 24, "num_key_value_heads": 2,
          "hidden_act": "gelu_pytorch_tanh", "max_position_embeddings": 4096, "norm_epsilon": 1e-5, "rope_theta": 10000.0, "use_bias": true,
          "tie_word_embeddings": true }
        """;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        .. DecoderTensors.Ends,
        new("output_norm.bias", "model.norm.bias", "h"),
        .. DecoderTensors.NormsBefore,
        DecoderTensors.Of("attn_norm.bias", "input_layernorm.bias", "h"),
        DecoderTensors.Of("ffn_norm.bias", "post_attention_layernorm.bias", "h"),
        .. DecoderTensors.Attention,
        .. DecoderTensors.QueryKeyValueBiases.Append(DecoderTensors.OutputBias).AllOptional(),
        DecoderTensors.Of("ffn_up.weight", "mlp.c_fc.weight", "f h"),
        DecoderTensors.Of("ffn_up.bias", "mlp.c_fc.bias", "f").Optional(),
        DecoderTensors.Of("ffn_down.weight", "mlp.c_proj.weight", "h f"),
        DecoderTensors.Of("ffn_down.bias", "mlp.c_proj.bias", "h").Optional(),
    ];

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take GELU by tanh", "gelu_pytorch_tanh", "gelu_new", "gelu_fast");
        CheckText(config, "norm_type", "always take layer norms", "layer_norm");
        CheckText(config, "mlp_type", "have no gate in the feed-forward part", "default");
        CheckRope(config, "linear", "yarn");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_epsilon", config.Real("norm_epsilon"));
    }

    public override IEnumerable<string> Notes(HuggingFaceConfig config, Sizes sizes) => WindowNotes(config);
}
