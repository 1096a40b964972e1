using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Qwen 3 VL with experts, the part for text: those of all experts in one tensor, the other way round.</summary>
internal sealed class Qwen3VlMoe : Architecture
{
    public override string Name => "qwen3vlmoe";

    public override ImmutableArray<string> Classes => ["Qwen3VLMoeForConditionalGeneration"];

    public override string Defaults => """
        { "hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 24, "num_attention_heads": 16, "num_key_value_heads": 16,
          "hidden_act": "silu", "max_position_embeddings": 128000, "rms_norm_eps": 1e-6, "rope_theta": 5000000.0,
          "tie_word_embeddings": false, "num_experts": 60, "num_experts_per_tok": 4, "moe_intermediate_size": 1408,
          "norm_topk_prob": true, "decoder_sparse_step": 1 }
        """;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        .. DecoderTensors.Ends,
        .. DecoderTensors.NormsBefore,
        .. DecoderTensors.Attention,
        .. DecoderTensors.HeadNorms,
        DecoderTensors.Of("ffn_gate_inp.weight", "mlp.gate.weight", "experts h"),
        .. DecoderTensors.TurnedExperts("mlp.experts."),
    ];

    public override IEnumerable<string> Spellings(string source) => ImageText.Spellings(source);

    public override bool IsLeftOut(string source, HuggingFaceConfig config) => base.IsLeftOut(source, config) || ImageText.IsOfImages(source);

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        Qwen2Moe.MeasureExperts(config, sizes);
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config, "mrope", "yarn");
        CheckFlag(config, "norm_topk_prob", true, "always normalise the weights of the chosen experts");
        CheckExpertsInAllLayers(config);
        CheckDeepStack(config, sizes);
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
        Qwen2Moe.DescribeExperts(config, sizes, keys);
        Qwen3Vl.DescribeImages(config, keys);
    }
}
