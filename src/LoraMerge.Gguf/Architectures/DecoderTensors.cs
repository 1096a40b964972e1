namespace LoraMerge.Gguf.Architectures;

/// <summary>Rows that many tables share: the names that Llama began with.</summary>
internal static class DecoderTensors
{
    private const string Layer = "model.layers.N.";

    public static TensorRule Embedding => new("token_embd.weight", "model.embed_tokens.weight", "v h");

    public static TensorRule Head => new("output.weight", "lm_head.weight", "v h");

    public static TensorRule FinalNorm => new("output_norm.weight", "model.norm.weight", "h");

    public static IEnumerable<TensorRule> Ends => [Embedding, FinalNorm, Head];

    /// <summary>Norms before attention and before the feed-forward part.</summary>
    public static IEnumerable<TensorRule> NormsBefore =>
        [Of("attn_norm.weight", "input_layernorm.weight", "h"), Of("ffn_norm.weight", "post_attention_layernorm.weight", "h")];

    public static IEnumerable<TensorRule> Attention =>
    [
        Of("attn_q.weight", "self_attn.q_proj.weight", "q h"),
        Of("attn_k.weight", "self_attn.k_proj.weight", "kv h"),
        Of("attn_v.weight", "self_attn.v_proj.weight", "kv h"),
        Of("attn_output.weight", "self_attn.o_proj.weight", "h q"),
    ];

    public static IEnumerable<TensorRule> QueryKeyValueBiases =>
    [
        Of("attn_q.bias", "self_attn.q_proj.bias", "q"),
        Of("attn_k.bias", "self_attn.k_proj.bias", "kv"),
        Of("attn_v.bias", "self_attn.v_proj.bias", "kv"),
    ];

    public static TensorRule OutputBias => Of("attn_output.bias", "self_attn.o_proj.bias", "h");

    /// <summary>Norms of queries and keys, one for all heads.</summary>
    public static IEnumerable<TensorRule> HeadNorms =>
        [Of("attn_q_norm.weight", "self_attn.q_norm.weight", "d"), Of("attn_k_norm.weight", "self_attn.k_norm.weight", "d")];

    public static IEnumerable<TensorRule> FeedForward =>
    [
        Of("ffn_gate.weight", "mlp.gate_proj.weight", "f h"),
        Of("ffn_up.weight", "mlp.up_proj.weight", "f h"),
        Of("ffn_down.weight", "mlp.down_proj.weight", "h f"),
    ];

    public static IEnumerable<TensorRule> FeedForwardBiases =>
    [
        Of("ffn_gate.bias", "mlp.gate_proj.bias", "f"),
        Of("ffn_up.bias", "mlp.up_proj.bias", "f"),
        Of("ffn_down.bias", "mlp.down_proj.bias", "h"),
    ];

    /// <summary>Router and experts, each a tensor of its own, or gate and up of all experts in one, as transformers 5 holds them.</summary>
    public static IEnumerable<TensorRule> Experts =>
    [
        Of("ffn_gate_inp.weight", "mlp.gate.weight", "experts h"),
        Of("ffn_gate_exps.weight", "mlp.experts.E.gate_proj.weight", "fe h") with { Else = FusedGate },
        Of("ffn_up_exps.weight", "mlp.experts.E.up_proj.weight", "fe h") with { Else = FusedUp },
        Of("ffn_down_exps.weight", "mlp.experts.E.down_proj.weight", "h fe") with { Else = FusedDown },
    ];

    /// <summary>Experts that every token takes, as one.</summary>
    public static IEnumerable<TensorRule> SharedExperts =>
    [
        Of("ffn_gate_shexp.weight", "mlp.shared_experts.gate_proj.weight", "fs h"),
        Of("ffn_up_shexp.weight", "mlp.shared_experts.up_proj.weight", "fs h"),
        Of("ffn_down_shexp.weight", "mlp.shared_experts.down_proj.weight", "h fs"),
    ];

    /// <summary>Experts all in one tensor and the other way round: inputs are rows, gate and up lie side by side.</summary>
    public static IEnumerable<TensorRule> TurnedExperts(string prefix) =>
    [
        Of("ffn_gate_exps.weight", prefix + "gate_up_proj", "experts h fe2").Then(sizes => new Step.Take(2, 0, sizes["fe"])).Then(_ => new Step.Transpose()),
        Of("ffn_up_exps.weight", prefix + "gate_up_proj", "experts h fe2")
            .Then(sizes => new Step.Take(2, sizes["fe"], sizes["fe2"])).Then(_ => new Step.Transpose()),
        Of("ffn_down_exps.weight", prefix + "down_proj", "experts fe h").Then(_ => new Step.Transpose()),
    ];

    public static TensorRule FusedGate =>
        Of("ffn_gate_exps.weight", "mlp.experts.gate_up_proj", "experts fe2 h").Then(sizes => new Step.Take(1, 0, sizes["fe"]));

    public static TensorRule FusedUp =>
        Of("ffn_up_exps.weight", "mlp.experts.gate_up_proj", "experts fe2 h").Then(sizes => new Step.Take(1, sizes["fe"], sizes["fe2"]));

    public static TensorRule FusedDown => Of("ffn_down_exps.weight", "mlp.experts.down_proj", "experts h fe");

    /// <summary>A row for each layer.</summary>
    public static TensorRule Of(string target, string source, string shape) => new("blk.N." + target, Layer + source, shape);

    /// <summary>Queries and keys with the rows of each head in pairs, as the readers of Llama want them.</summary>
    public static IEnumerable<TensorRule> InPairs(this IEnumerable<TensorRule> rules) => rules.Select(rule =>
        rule.Target.Contains(".attn_q.", StringComparison.Ordinal) ? rule.Then(sizes => new Step.Rope(sizes["heads"]))
        : rule.Target.Contains(".attn_k.", StringComparison.Ordinal) ? rule.Then(sizes => new Step.Rope(sizes["kvheads"]))
        : rule);

    /// <summary>The same, of some layers alone.</summary>
    public static IEnumerable<TensorRule> In(this IEnumerable<TensorRule> rules, Func<long, bool> layers) => rules.Select(rule => rule.In(layers));

    public static IEnumerable<TensorRule> AllOptional(this IEnumerable<TensorRule> rules) => rules.Select(rule => rule.Optional());
}
