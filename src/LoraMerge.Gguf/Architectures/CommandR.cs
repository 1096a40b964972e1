using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Command R: one norm a layer without bias, the head always tied.</summary>
internal sealed class CommandR : Architecture
{
    private const long LayersOfPlus = 64;

    public override string Name => "command-r";

    public override ImmutableArray<string> Classes => ["CohereForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 8192, "intermediate_size": 22528, "num_hidden_layers": 40, "num_attention_heads": 64, "hidden_act": "silu",
          "max_position_embeddings": 8192, "layer_norm_eps": 1e-5, "rope_theta": 10000.0, "logit_scale": 0.0625, "use_qk_norm": false,
          "tie_word_embeddings": true }
        """;

    public override bool IsHeadAlwaysTied => true;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        DecoderTensors.Embedding,
        DecoderTensors.FinalNorm,
        DecoderTensors.Of("attn_norm.weight", "input_layernorm.weight", "h"),
        .. DecoderTensors.Attention,
        DecoderTensors.Of("attn_q_norm.weight", "self_attn.q_norm.weight", "heads d").Optional(),
        DecoderTensors.Of("attn_k_norm.weight", "self_attn.k_norm.weight", "kvheads d").Optional(),
        .. DecoderTensors.FeedForward,
    ];

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config);
        CheckFlag(config, "attention_bias", false, "have no biases in attention");
        CheckFlag(config, "use_qk_norm", sizes["layers"] >= LayersOfPlus,
            Invariant($"have norms of queries and keys from {LayersOfPlus} layers on, and only then"));
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Count("context_length", config.CountOrNull("model_max_length") ?? config.Count("max_position_embeddings"));
        keys.Text("rope.scaling.type", "none");
        keys.Real("attention.layer_norm_epsilon", config.Real("layer_norm_eps"));
        keys.Real("logit_scale", config.Real("logit_scale"));
    }
}
