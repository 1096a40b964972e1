namespace LoraMerge.Gguf.Architectures;

/// <summary>Qwen 3-Next and 3.5: linear attention with a gate in all layers but every fourth, whose queries bring a gate of their own.</summary>
internal abstract class QwenHybrid : Architecture
{
    private const string Linear = "linear_attention";

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        DecoderTensors.Embedding,
        Raised(DecoderTensors.FinalNorm),
        DecoderTensors.Head,
        Raised(DecoderTensors.Of("attn_norm.weight", "input_layernorm.weight", "h")),
        Raised(DecoderTensors.Of("post_attention_norm.weight", "post_attention_layernorm.weight", "h")),
        .. ((TensorRule[])
        [
            DecoderTensors.Of("attn_q.weight", "self_attn.q_proj.weight", "q2 h"),
            .. DecoderTensors.Attention.Skip(1),
            .. DecoderTensors.HeadNorms.Select(Raised),
        ]).In(layer => IsFull(config, layer)),
        .. ((TensorRule[])
        [
            .. Projections,
            Values(DecoderTensors.Of("ssm_conv1d.weight", "linear_attn.conv1d.weight", "conv 1 cache")
                .Then(sizes => new Step.Reshape([sizes["conv"], sizes["cache"]])), 0, sizes => 2 * sizes["keys"], sizes => sizes["dv"]),
            PerHead(DecoderTensors.Of("ssm_dt.bias", "linear_attn.dt_bias", "lv")),
            PerHead(DecoderTensors.Of("ssm_a", "linear_attn.A_log", "lv")).Then(_ => new Step.NegateExponential()),
            DecoderTensors.Of("ssm_norm.weight", "linear_attn.norm.weight", "dv"),
            Values(DecoderTensors.Of("ssm_out.weight", "linear_attn.out_proj.weight", "h values"), 1, _ => 0, sizes => sizes["dv"]),
        ]).In(layer => !IsFull(config, layer)),
        .. FeedForward,
    ];

    /// <summary>Queries, keys, values and gates of linear attention.</summary>
    protected abstract IEnumerable<TensorRule> Projections { get; }

    protected abstract IEnumerable<TensorRule> FeedForward { get; }

    /// <summary>What predicts further tokens stands in a part of its own (<c>mtp</c>), which readers do without.</summary>
    public override bool IsLeftOut(string source, HuggingFaceConfig config) =>
        base.IsLeftOut(source, config) || source.StartsWith("mtp.", StringComparison.Ordinal) || source.StartsWith("model.mtp.", StringComparison.Ordinal);

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        sizes["q2"] = 2 * sizes["q"];
        sizes["cache"] = config.Count("linear_conv_kernel_dim");
        sizes["lk"] = Positive(config, "linear_num_key_heads");
        sizes["lv"] = Positive(config, "linear_num_value_heads");
        sizes["dk"] = config.Count("linear_key_head_dim");
        sizes["dv"] = config.Count("linear_value_head_dim");
        sizes["keys"] = sizes["lk"] * sizes["dk"];
        sizes["values"] = sizes["lv"] * sizes["dv"];
        sizes["conv"] = (2 * sizes["keys"]) + sizes["values"];
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config, "mrope", "linear", "yarn");
        CheckFlag(config, "attention_bias", false, "have no biases in attention");
        if (config.Find("attn_output_gate") is not null)
            CheckFlag(config, "attn_output_gate", true, "always gate what attention gives");
        CheckReal(config, "linear_value_head_dim", sizes["dk"], Invariant($"take heads of one size, here {sizes["dk"]}, for keys and values"));
        if (sizes["lv"] % sizes["lk"] != 0)
            throw NotSayable("linear_num_value_heads", Invariant($"{sizes["lv"]}"),
                Invariant($"share {sizes["lk"]} heads of keys evenly among those of values"));
        _ = Positive(config, "full_attention_interval");
        CheckLayers(config, sizes, "layer_types", (i, type) => IsText(type, IsFull(config, i) ? "full_attention" : Linear),
            Invariant($"attend in every layer of number {IntervalOf(config)}, counted from 1, and linearly in the others"));
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
        keys.Count("ssm.conv_kernel", sizes["cache"]);
        keys.Count("ssm.state_size", sizes["dk"]);
        keys.Count("ssm.group_count", sizes["lk"]);
        keys.Count("ssm.time_step_rank", sizes["lv"]);
        keys.Count("ssm.inner_size", sizes["values"]);
        keys.Count("full_attention_interval", IntervalOf(config));
        double part = RopeScaling.PartOf(config);
        keys.Count("rope.dimension_count", (long)(part * sizes["d"]));
    }

    /// <summary>A tensor whose entries behind the first are of heads of values, in the order in which readers want these.</summary>
    /// <param name="rule">The tensor.</param>
    /// <param name="axis">The dimension of the heads.</param>
    /// <param name="first">How many entries before them are others.</param>
    /// <param name="size">Entries of a head.</param>
    protected virtual TensorRule Values(TensorRule rule, int axis, Func<Sizes, long> first, Func<Sizes, long> size) => rule;

    protected TensorRule PerHead(TensorRule rule) => Values(rule, 0, _ => 0, _ => 1);

    private static TensorRule Raised(TensorRule rule) => rule.Then(_ => new Step.Plus(1));

    private static bool IsFull(HuggingFaceConfig config, long layer) => (layer + 1) % IntervalOf(config) == 0;

    private static long IntervalOf(HuggingFaceConfig config) => Math.Max(1, config.Count("full_attention_interval"));
}
