using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Qwen 3-Next: experts in every layer; queries, keys, values and gates of linear attention in one matrix, head by head.</summary>
internal sealed class Qwen3Next : QwenHybrid
{
    public override string Name => "qwen3next";

    public override ImmutableArray<string> Classes => ["Qwen3NextForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 48, "num_attention_heads": 16, "num_key_value_heads": 2,
          "head_dim": 256, "hidden_act": "silu", "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
          "partial_rotary_factor": 0.25, "tie_word_embeddings": false, "linear_conv_kernel_dim": 4, "linear_key_head_dim": 128,
          "linear_value_head_dim": 128, "linear_num_key_heads": 16, "linear_num_value_heads": 32, "full_attention_interval": 4,
          "num_experts": 512, "num_experts_per_tok": 10, "moe_intermediate_size": 512, "shared_expert_intermediate_size": 512,
          "norm_topk_prob": true, "decoder_sparse_step": 1 }
        """;

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        Qwen2Moe.MeasureExperts(config, sizes);
        sizes["fs"] = config.Count("shared_expert_intermediate_size");
        sizes["shared"] = sizes["lv"] / sizes["lk"] * sizes["dv"]; // values that go with a head of keys
        sizes["group"] = 2 * (sizes["dk"] + sizes["shared"]);
        sizes["qkvz"] = 2 * (sizes["keys"] + sizes["values"]);
        sizes["lv2"] = 2 * sizes["lv"];
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        base.Check(config, sizes);
        CheckFlag(config, "norm_topk_prob", true, "always normalise the weights of the chosen experts");
        CheckExpertsInAllLayers(config);
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        Qwen2Moe.DescribeExperts(config, sizes, keys);
        keys.Count("expert_shared_feed_forward_length", sizes["fs"]);
    }

    protected override IEnumerable<TensorRule> Projections =>
    [
        Part("attn_qkv.weight", sizes => [(0, sizes["dk"]), (sizes["dk"], sizes["dk"]), (2 * sizes["dk"], sizes["shared"])]),
        Part("attn_gate.weight", sizes => [((2 * sizes["dk"]) + sizes["shared"], sizes["shared"])]),
        DecoderTensors.Of("ssm_ba.weight", "linear_attn.in_proj_ba.weight", "lv2 h"),
    ];

    protected override IEnumerable<TensorRule> FeedForward => [.. DecoderTensors.Experts, .. Qwen2Moe.SharedExpert];

    /// <summary>Some of what each head has, one after the other of all heads.</summary>
    private static TensorRule Part(string target, Func<Sizes, ImmutableArray<(long Start, long Count)>> parts) =>
        DecoderTensors.Of(target, "linear_attn.in_proj_qkvz.weight", "qkvz h").Then(sizes => new Step.Arrange(0,
        [
            .. parts(sizes).SelectMany(part => Enumerable.Range(0, (int)sizes["lk"]).Select(head => ((head * sizes["group"]) + part.Start, part.Count))),
        ]));
}
