using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.Lora;

/// <summary>What changed in PEFT's LoRA when; docs/adapters.md explains each.</summary>
internal static class LoraHistory
{
    /// <summary>0.7 to 0.20: with <c>bias: lora_only</c> the trained biases were not saved.</summary>
    public static VersionRange BiasesNotSaved { get; } = VersionRange.Parse("[0.7.0,0.21.0)");

    /// <summary>
    /// Up to 0.17: LoRA on an embedding that multiplies its rows added to the multiplied row, not to the row (<c>tuners_utils.py _get_embed_scale</c> came with
    /// 0.18), so that the file means W + s·B·A / factor.
    /// </summary>
    public static VersionRange EmbeddingDeltaUnscaled { get; } = VersionRange.Parse("(,0.18.0)");

    /// <summary>0.9 and 0.10: DoRA's norm of a GPT-2 projection was that of the weight as stored, not turned round.</summary>
    public static VersionRange DoraNormOfStoredConv1D { get; } = VersionRange.Parse("[0.9.0,0.11.0)");

    /// <summary>0.17 and 0.18: LoRA on a 3-D parameter is always input by output.</summary>
    public static VersionRange ParametersInputByOutput { get; } = VersionRange.Parse("[0.17.0,0.19.0)");

    /// <summary>0.19.0 alone: output by input where the module says that it is transposed, which is the wrong way round.</summary>
    public static VersionRange ParametersTurnedWhereTransposed { get; } = VersionRange.Parse("[0.19.0,0.19.0]");

    /// <summary>Since 0.19.1: output by input, but input by output where the module says that it is transposed.</summary>
    public static VersionRange ParametersOutputByInput { get; } = VersionRange.Parse("[0.19.1,)");

    /// <summary>Fields that the first releases had and later ones have not: a file with one of them is theirs.</summary>
    public static (VersionRange Releases, ImmutableArray<string> Fields) FieldsOf02 { get; } =
        (VersionRange.Parse("(,0.3.0)"), ["enable_lora", "merge_weights"]);

    /// <summary>Fields by the first release that writes them.</summary>
    public static ImmutableArray<FirstWritten> Fields { get; } =
    [
        new("0.3.0", ["init_lora_weights"]),
        new("0.4.0", ["auto_mapping", "layers_to_transform", "revision"]),
        new("0.6.0", ["alpha_pattern", "rank_pattern"]),
        new("0.7.0", ["loftq_config", "megatron_config"]),
        new("0.8.0", ["use_rslora"]),
        new("0.9.0", ["use_dora"]),
        new("0.10.0", ["layer_replication"]),
        new("0.14.0", ["eva_config", "lora_bias"]),
        new("0.15.0", ["corda_config", "trainable_token_indices"]),
        new("0.16.0", ["use_qalora"]),
        new("0.17.0", ["target_parameters"]),
        new("0.18.0", ["alora_invocation_tokens", "arrow_config", "ensure_weight_tying"]),
        new("0.19.0", ["use_bdlora"]),
        new("0.20.0", ["velora_config"]),
    ];
}
