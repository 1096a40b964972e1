using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>OLMo 1: norms without weights, queries and keys in pairs as Llama's.</summary>
internal sealed class Olmo : Architecture
{
    private const double Epsilon = 1e-5; // in the class, not in the config

    public override string Name => "olmo";

    public override ImmutableArray<string> Classes => ["OlmoForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32, "hidden_act": "silu",
          "max_position_embeddings": 2048, "rope_theta": 10000.0, "tie_word_embeddings": false }
        """;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
        [DecoderTensors.Embedding, DecoderTensors.Head, .. DecoderTensors.Attention.InPairs(), .. DecoderTensors.FeedForward];

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config, "linear", "yarn");
        CheckFlag(config, "attention_bias", false, "have no biases in attention");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_epsilon", Epsilon);
        if (config.RealOrNull("clip_qkv") is { } most)
            keys.Real("attention.clamp_kqv", most);
    }
}
