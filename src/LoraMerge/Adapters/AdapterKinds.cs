using System.Collections.Frozen;

namespace LoraMerge.Adapters;

/// <summary>What is known of each <c>peft_type</c>: merged, not merged yet, or not mergeable at all.</summary>
internal static class AdapterKinds
{
    public const string Lora = "LORA";

    private const string Prompt = "it learns inputs to the model instead of changing its weights";
    private const string InputDependent = "what it does depends on each input, so no fixed weights do the same";

    /// <summary>Kinds that no tool can merge, and why.</summary>
    public static FrozenDictionary<string, string> NeverMergeable { get; } = new Dictionary<string, string>
    {
        ["PROMPT_TUNING"] = Prompt,
        ["MULTITASK_PROMPT_TUNING"] = Prompt,
        ["P_TUNING"] = Prompt,
        ["PREFIX_TUNING"] = Prompt,
        ["CPT"] = Prompt,
        ["CARTRIDGE"] = Prompt,
        ["ADAPTION_PROMPT"] = "it adds attention to learned prompts, which is no change of weights",
        ["POLY"] = InputDependent,
        ["XLORA"] = InputDependent,
        ["LILY"] = InputDependent,
        ["ADAMSS"] = "the clusters of the base's rows that training used are not in the file",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Kinds that can be merged, but not by this release. This list may only shrink.</summary>
    public static FrozenSet<string> NotYetSupported { get; } = FrozenSet.ToFrozenSet(
    [
        "ADALORA", "BEFT", "BOFT", "BONE", "C3A", "DEFT", "DELORA", "FOURIERFT", "FROD", "GLORA", "GRALORA", "HIRA", "HRA", "IA3",
        "LN_TUNING", "LOHA", "LOKR", "MISS", "OFT", "OSF", "PEANUT", "PSOFT", "PVERA", "RANDLORA", "ROAD", "SHIRA", "SUPERTUNING",
        "TINYLORA", "TRAINABLE_TOKENS", "UNILORA", "VBLORA", "VERA", "WAVEFT",
    ], StringComparer.Ordinal);

    /// <summary>Forms of LoRA, by the field of adapter_config.json that asks for them, that this release refuses. This list may only shrink.</summary>
    public static FrozenDictionary<string, string> LoraFormsNotYetSupported { get; } = new Dictionary<string, string>
    {
        ["use_dora"] = "DoRA",
        ["target_parameters"] = "LoRA on parameters (fused experts)",
        ["layer_replication"] = "layer replication",
        ["use_bdlora"] = "BdLoRA",
        ["kasa_config"] = "KaSA",
        ["velora_config"] = "VeLoRA",
        ["monteclora_config"] = "MonteCLoRA",
        ["ensure_weight_tying"] = "adapters on tied weights (ensure_weight_tying)",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Values of <c>init_lora_weights</c> that train on a changed base, so that the adapter does not fit the base as published.</summary>
    public static FrozenSet<string> InitialisationsThatChangeTheBase { get; } = FrozenSet.ToFrozenSet(["olora", "corda", "loftq", "lora_ga"], StringComparer.Ordinal);
}
