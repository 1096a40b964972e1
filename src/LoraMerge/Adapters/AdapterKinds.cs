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
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether a value of <c>init_lora_weights</c> trains on a changed base that neither the adapter nor the base as published tells.</summary>
    /// <remarks>CorDA and LoRA-GA need data, LoftQ a quantiser, <c>pissa_niter_k</c> the random numbers of the trainer. <c>pissa</c> and <c>olora</c> can be computed again.</remarks>
    public static bool IsLostBase(string initialisation) =>
        initialisation is "corda" or "loftq" or "lora_ga" || initialisation.StartsWith("pissa_niter_", StringComparison.Ordinal);
}
