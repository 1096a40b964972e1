using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Qwen 3.5 with experts and a shared one, the part for text.</summary>
internal sealed class Qwen35Moe : Qwen35
{
    public override string Name => "qwen35moe";

    public override ImmutableArray<string> Classes => ["Qwen3_5MoeForConditionalGeneration", "Qwen3_5MoeForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 2048, "intermediate_size": 0, "num_hidden_layers": 40, "num_attention_heads": 16, "num_key_value_heads": 2,
          "head_dim": 256, "hidden_act": "silu", "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
          "partial_rotary_factor": 0.25, "tie_word_embeddings": false, "linear_conv_kernel_dim": 4, "linear_key_head_dim": 128,
          "linear_value_head_dim": 128, "linear_num_key_heads": 16, "linear_num_value_heads": 32, "full_attention_interval": 4,
          "num_experts": 256, "num_experts_per_tok": 8, "moe_intermediate_size": 512, "shared_expert_intermediate_size": 512,
          "norm_topk_prob": true }
        """;

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        Qwen2Moe.MeasureExperts(config, sizes);
        sizes["fs"] = config.Count("shared_expert_intermediate_size");
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        base.Check(config, sizes);
        CheckFlag(config, "norm_topk_prob", true, "always normalise the weights of the chosen experts");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        Qwen2Moe.DescribeExperts(config, sizes, keys);
        keys.Count("expert_shared_feed_forward_length", sizes["fs"]);
    }

    protected override IEnumerable<TensorRule> FeedForward => [.. DecoderTensors.Experts, .. Qwen2Moe.SharedExpert];
}
