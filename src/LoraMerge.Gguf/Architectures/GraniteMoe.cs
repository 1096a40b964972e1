using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Granite 3 with experts, gate and up of each in one matrix, and perhaps a shared one.</summary>
internal sealed class GraniteMoe : Granite
{
    public override string Name => "granitemoe";

    public override ImmutableArray<string> Classes => ["GraniteMoeForCausalLM", "GraniteMoeSharedForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32, "hidden_act": "silu",
          "max_position_embeddings": 2048, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": false,
          "attention_multiplier": 1.0, "embedding_multiplier": 1.0, "residual_multiplier": 1.0, "logits_scaling": 1.0,
          "num_local_experts": 8, "num_experts_per_tok": 2, "shared_intermediate_size": 0 }
        """;

    public override bool CanRestore => false;

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        sizes["experts"] = config.Count("num_local_experts") is > 0 and long count ? count
            : throw NotSayable("num_local_experts", "0", "want experts");
        sizes["f2"] = 2 * sizes["f"];
        sizes["fs"] = config.Count("shared_intermediate_size");
        sizes["fs2"] = 2 * sizes["fs"];
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        keys.Count("expert_count", sizes["experts"]);
        keys.Count("expert_used_count", config.Count("num_experts_per_tok"));
        if (sizes["fs"] > 0)
            keys.Count("expert_shared_feed_forward_length", sizes["fs"]);
    }

    /// <summary>Router and experts.</summary>
    public static IEnumerable<TensorRule> Experts
    {
        get
        {
            const string source = "block_sparse_moe.input_linear.weight", shape = "experts f2 h";
            return
            [
                DecoderTensors.Of("ffn_gate_inp.weight", "block_sparse_moe.router.layer.weight", "experts h"),
                DecoderTensors.Of("ffn_gate_exps.weight", source, shape).Then(sizes => new Step.Take(1, 0, sizes["f"])),
                DecoderTensors.Of("ffn_up_exps.weight", source, shape).Then(sizes => new Step.Take(1, sizes["f"], sizes["f2"])),
                DecoderTensors.Of("ffn_down_exps.weight", "block_sparse_moe.output_linear.weight", "experts h f"),
            ];
        }
    }

    /// <summary>The expert that every token takes, or the feed-forward part of a model that has no other.</summary>
    /// <param name="suffix">Of the names in the file.</param>
    public static IEnumerable<TensorRule> Shared(string suffix) =>
    [
        DecoderTensors.Of($"ffn_gate{suffix}.weight", "shared_mlp.input_linear.weight", "fs2 h").Then(sizes => new Step.Take(0, 0, sizes["fs"])),
        DecoderTensors.Of($"ffn_up{suffix}.weight", "shared_mlp.input_linear.weight", "fs2 h").Then(sizes => new Step.Take(0, sizes["fs"], sizes["fs2"])),
        DecoderTensors.Of($"ffn_down{suffix}.weight", "shared_mlp.output_linear.weight", "h fs"),
    ];

    protected override IEnumerable<TensorRule> FeedForward(HuggingFaceConfig config) =>
        [.. Experts, .. config.CountOrNull("shared_intermediate_size") is > 0 ? Shared("_shexp") : []];
}
