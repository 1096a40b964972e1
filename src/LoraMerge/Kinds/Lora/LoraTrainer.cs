using System.Collections.Frozen;
using System.Text.Json.Nodes;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.Lora;

/// <summary>Libraries whose files mean something else than PEFT's by the same names and shapes.</summary>
internal enum LoraTrainer
{
    /// <summary>PEFT, or whoever writes what PEFT reads.</summary>
    Any,

    /// <summary>unsloth: experts, <see cref="ExpertLayoutChoice"/>.</summary>
    Unsloth,

    /// <summary>Megatron-Bridge's export: experts, <see cref="ExpertLayoutChoice"/> and <see cref="HalvesInTurns"/>.</summary>
    MegatronBridge,

    /// <summary>torchtune's export: rows of queries and keys, <see cref="TorchtuneRows"/>.</summary>
    Torchtune,

    /// <summary>NeMo Automodel: ranks of experts, <see cref="LoraTensors"/>.</summary>
    Automodel,
}

/// <summary>Who wrote a configuration, by what it holds.</summary>
/// <remarks>PEFT writes every field of its class; a library that makes the file itself writes the same few each time.</remarks>
internal static class LoraTrainers
{
    /// <summary><c>build_adapter_config_dict</c> of Megatron-Bridge.</summary>
    private static readonly FrozenSet<string> OfMegatronBridge = FrozenSet.ToFrozenSet(
        [
            "alpha_pattern", "auto_mapping", "base_model_name_or_path", "bias", "fan_in_fan_out", "inference_mode", "init_lora_weights", "lora_alpha",
            "lora_dropout", "modules_to_save", "peft_type", "r", "rank_pattern", "target_modules", "target_parameters", "task_type", "use_dora", "use_rslora",
        ],
        StringComparer.Ordinal);

    /// <summary>miles, which saves what Megatron-Bridge exports.</summary>
    private static readonly FrozenSet<string> OfMiles =
        FrozenSet.ToFrozenSet(["bias", "lora_alpha", "lora_dropout", "peft_type", "r", "target_modules", "task_type"], StringComparer.Ordinal);

    /// <summary>The recipes of torchtune; <c>use_dora</c> is what LORA3090 asks for.</summary>
    private static readonly FrozenSet<string> OfTorchtune =
        FrozenSet.ToFrozenSet(["base_model_name_or_path", "lora_alpha", "peft_type", "r", "target_modules", "use_dora"], StringComparer.Ordinal);

    /// <summary><c>_get_hf_peft_config</c> of NeMo Automodel.</summary>
    private static readonly FrozenSet<string> OfAutomodel = FrozenSet.ToFrozenSet(
        ["base_model_name_or_path", "bias", "lora_alpha", "peft_type", "r", "target_modules", "target_parameters", "task_type", "use_dora"],
        StringComparer.Ordinal);

    public static LoraTrainer Of(ConfigFields fields)
    {
        if (fields.Json["auto_mapping"] is JsonObject mapping && ConfigFields.HasValue(mapping["unsloth_fixed"]))
            return LoraTrainer.Unsloth;
        if (Are(OfMegatronBridge, "target_parameters") || Are(OfMiles))
            return LoraTrainer.MegatronBridge;
        if (Are(OfTorchtune, "base_model_name_or_path", "use_dora"))
            return LoraTrainer.Torchtune;
        return Are(OfAutomodel, "target_parameters") ? LoraTrainer.Automodel : LoraTrainer.Any;

        bool Are(FrozenSet<string> written, params ReadOnlySpan<string> optional)
        {
            foreach (string name in written)
            {
                if (!fields.Has(name) && !optional.Contains(name))
                    return false;
            }
            return fields.Names.All(written.Contains);
        }
    }
}
