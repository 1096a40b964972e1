using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Phi 1, 1.5 and 2: biases everywhere, one norm a layer, rope on a part of each head.</summary>
internal sealed class Phi2 : Architecture
{
    public override string Name => "phi2";

    public override ImmutableArray<string> Classes => ["PhiForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 24, "num_attention_heads": 32, "hidden_act": "gelu_new",
          "max_position_embeddings": 2048, "layer_norm_eps": 1e-5, "rope_theta": 10000.0, "partial_rotary_factor": 0.5,
          "qk_layernorm": false, "tie_word_embeddings": false }
        """;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        DecoderTensors.Embedding,
        new("output_norm.weight", "model.final_layernorm.weight", "h"),
        new("output_norm.bias", "model.final_layernorm.bias", "h"),
        DecoderTensors.Head,
        new("output.bias", "lm_head.bias", "v"),
        DecoderTensors.Of("attn_norm.weight", "input_layernorm.weight", "h"),
        DecoderTensors.Of("attn_norm.bias", "input_layernorm.bias", "h"),
        .. DecoderTensors.Attention.SkipLast(1),
        .. DecoderTensors.QueryKeyValueBiases,
        DecoderTensors.Of("attn_output.weight", "self_attn.dense.weight", "h q"),
        DecoderTensors.Of("attn_output.bias", "self_attn.dense.bias", "h"),
        DecoderTensors.Of("ffn_up.weight", "mlp.fc1.weight", "f h"),
        DecoderTensors.Of("ffn_up.bias", "mlp.fc1.bias", "f"),
        DecoderTensors.Of("ffn_down.weight", "mlp.fc2.weight", "h f"),
        DecoderTensors.Of("ffn_down.bias", "mlp.fc2.bias", "h"),
    ];

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take GELU by tanh", "gelu_new", "gelu_pytorch_tanh", "gelu_fast");
        CheckFlag(config, "qk_layernorm", false, "have no norms of queries and keys");
        CheckFlag(config, "tie_word_embeddings", false, "want a head of its own");
        CheckRope(config);
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeUnusualRopeBase(config, keys);
        keys.Real("attention.layer_norm_epsilon", config.Real("layer_norm_eps"));
        double part = RopeScaling.PartOf(config);
        keys.Count("rope.dimension_count", (long)(part * sizes["h"]) / sizes["heads"]);
    }
}
