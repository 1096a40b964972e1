using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Qwen 3 with experts.</summary>
internal sealed class Qwen3Moe : Architecture
{
    public override string Name => "qwen3moe";

    public override ImmutableArray<string> Classes => ["Qwen3MoeForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 24, "num_attention_heads": 32, "num_key_value_heads": 4,
          "hidden_act": "silu", "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "use_sliding_window": false,
          "sliding_window": 4096, "tie_word_embeddings": false, "num_experts": 128, "num_experts_per_tok": 8, "moe_intermediate_size": 768,
          "norm_topk_prob": false, "decoder_sparse_step": 1 }
        """;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
        [.. DecoderTensors.Ends, .. DecoderTensors.NormsBefore, .. DecoderTensors.Attention, .. DecoderTensors.HeadNorms, .. DecoderTensors.Experts];

    public override bool CanRestore => true;

    public override JsonObject? Restore(GgufKeys keys)
    {
        JsonObject config = RestoreSizes(keys, "qwen3_moe", Classes[0]);
        config["num_experts"] = keys.Count("expert_count");
        config["num_experts_per_tok"] = keys.Count("expert_used_count");
        config["moe_intermediate_size"] = keys.Count("expert_feed_forward_length");
        config["norm_topk_prob"] = true;
        return config;
    }

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        Qwen2Moe.MeasureExperts(config, sizes);
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config, "linear", "yarn");
        CheckFlag(config, "norm_topk_prob", true, "always normalise the weights of the chosen experts");
        CheckExpertsInAllLayers(config);
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
        Qwen2Moe.DescribeExperts(config, sizes, keys);
    }

    public override IEnumerable<string> Notes(HuggingFaceConfig config, Sizes sizes) => WindowNotes(config);
}
