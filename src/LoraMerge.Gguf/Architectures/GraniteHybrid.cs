using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Granite 4: layers of Mamba 2 between those of attention, experts and a shared one, or the shared one alone.</summary>
internal class GraniteHybrid : Granite
{
    private const string Attends = "attention";
    private const string Remembers = "mamba";
    private const long Boundless = 1 << 20;

    public override string Name => "granitehybrid";

    public override ImmutableArray<string> Classes => ["GraniteMoeHybridForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32, "hidden_act": "silu",
          "max_position_embeddings": 2048, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": false,
          "attention_multiplier": 1.0, "embedding_multiplier": 1.0, "residual_multiplier": 1.0, "logits_scaling": 1.0,
          "num_local_experts": 8, "num_experts_per_tok": 2, "shared_intermediate_size": 1024, "position_embedding_type": "nope",
          "mamba_n_heads": 128, "mamba_n_groups": 1, "mamba_d_state": 256, "mamba_d_conv": 4, "mamba_expand": 2,
          "mamba_proj_bias": false, "normalization_function": "rmsnorm" }
        """;

    public override bool CanRestore => false;

    public override JsonObject? Restore(GgufKeys keys) => null;

    /// <summary>Whether a model has layers of Mamba, or does not say what its layers are, which is refused.</summary>
    public override bool Takes(HuggingFaceConfig config) => base.Takes(config) && !AllAttend(config);

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        .. DecoderTensors.Ends,
        .. DecoderTensors.NormsBefore,
        .. ((TensorRule[])
        [
            .. DecoderTensors.Attention.InPairs(),
            .. DecoderTensors.QueryKeyValueBiases.Append(DecoderTensors.OutputBias).InPairs().AllOptional(),
        ]).In(layer => IsAttention(config, layer)),
        .. Mamba.In(layer => !IsAttention(config, layer)),
        .. HasExperts(config) ? [.. GraniteMoe.Experts, .. GraniteMoe.Shared("_shexp")] : GraniteMoe.Shared(""),
    ];

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        sizes["experts"] = config.Count("num_local_experts");
        sizes["fs"] = config.Count("shared_intermediate_size");
        sizes["fs2"] = 2 * sizes["fs"];
        if (!HasExperts(config))
            sizes["f"] = sizes["fs"];
        sizes["f2"] = 2 * sizes["f"];
        sizes["inner"] = config.Count("mamba_expand") * sizes["h"];
        sizes["mheads"] = config.Count("mamba_n_heads");
        sizes["groups"] = Positive(config, "mamba_n_groups");
        sizes["cache"] = config.Count("mamba_d_conv");
        sizes["conv"] = sizes["inner"] + (2 * sizes["groups"] * config.Count("mamba_d_state"));
        sizes["in"] = sizes["inner"] + sizes["conv"] + sizes["mheads"];
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        base.Check(config, sizes);
        CheckReal(config, "mamba_expand", 2, "widen Mamba twice");
        CheckFlag(config, "mamba_proj_bias", false, "have no biases in Mamba's projections");
        CheckText(config, "normalization_function", "norm by the root of mean squares", "rmsnorm");
        CheckText(config, "position_embedding_type", "have rope or no positions", "rope", "nope");
        CheckLayers(config, sizes, "layer_types", (_, type) => IsText(type, Attends) || IsText(type, Remembers), "have layers of attention and of Mamba");
        if (config.ListOrNull("layer_types") is null)
            throw NotSayable("layer_types", "null", "want to know which layers attend");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        bool hasRope = config.TextOrNull("position_embedding_type") == "rope";
        if (!hasRope)
            keys.Count("context_length", Boundless); // no position ends it
        keys.Flag("rope.scaling.finetuned", hasRope); // by which readers tell whether there is rope at all
        keys.Counts("attention.head_count_kv", Enumerable.Range(0, (int)sizes["layers"]).Select(layer => IsAttention(config, layer) ? sizes["kvheads"] : 0));
        keys.Count("expert_count", sizes["experts"]);
        keys.Count("expert_used_count", config.Count("num_experts_per_tok"));
        keys.Count("expert_shared_feed_forward_length", sizes["fs"]);
        keys.Count("ssm.conv_kernel", sizes["cache"]);
        keys.Count("ssm.state_size", config.Count("mamba_d_state"));
        keys.Count("ssm.group_count", sizes["groups"]);
        keys.Count("ssm.inner_size", sizes["inner"]);
        keys.Count("ssm.time_step_rank", sizes["mheads"]);
    }

    protected static bool AllAttend(HuggingFaceConfig config) => config.ListOrNull("layer_types")?.All(type => IsText(type, Attends)) == true;

    protected static bool HasExperts(HuggingFaceConfig config) => config.CountOrNull("num_local_experts") is not 0;

    private static IEnumerable<TensorRule> Mamba =>
    [
        DecoderTensors.Of("ssm_in.weight", "mamba.in_proj.weight", "in h"),
        DecoderTensors.Of("ssm_conv1d.weight", "mamba.conv1d.weight", "conv 1 cache").Then(sizes => new Step.Reshape([sizes["conv"], sizes["cache"]])),
        DecoderTensors.Of("ssm_conv1d.bias", "mamba.conv1d.bias", "conv").Optional(),
        DecoderTensors.Of("ssm_dt.bias", "mamba.dt_bias", "mheads"),
        DecoderTensors.Of("ssm_a", "mamba.A_log", "mheads").Then(sizes => new Step.Reshape([sizes["mheads"], 1])).Then(_ => new Step.NegateExponential()),
        DecoderTensors.Of("ssm_d", "mamba.D", "mheads").Then(sizes => new Step.Reshape([sizes["mheads"], 1])),
        DecoderTensors.Of("ssm_norm.weight", "mamba.norm.weight", "inner")
            .Then(sizes => new Step.Reshape([sizes["groups"], sizes["inner"] / sizes["groups"]])),
        DecoderTensors.Of("ssm_out.weight", "mamba.out_proj.weight", "h inner"),
    ];

    private static bool IsAttention(HuggingFaceConfig config, long layer) =>
        config.ListOrNull("layer_types") is { } types && layer < types.Length && IsText(types[(int)layer], Attends);
}
