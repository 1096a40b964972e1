using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;

namespace LoraMerge.Dialects;

/// <summary>Recognises adapters of libraries that are not read, by the fields of a configuration, or by the names and the metadata of tensors.</summary>
internal static partial class OtherLibraries
{
    private static readonly (string Library, Func<ConfigFields, bool> IsTheirs)[] ByFields =
    [
        (
            "AdapterHub (adapter-transformers): layers added to the model, not changes of its weights",
            fields => fields.Json["config"] is JsonObject or JsonValue && fields.Has("model_type") && fields.Has("model_name")
        ),
        (
            "LyCORIS",
            fields =>
                fields.Has("algo")
                || fields.Json["network_args"] is JsonObject
                || fields.Json["network_module"]?.ToString().StartsWith("lycoris", StringComparison.Ordinal) == true
        ),
        ("ms-swift's own tuners, before it took PEFT's", fields => fields.Has("swift_type") && !fields.Has("peft_type")),
        ("kohya's sd-scripts", fields => fields.Has("network_module") || fields.Has("network_dim")),
        ("diffusers", fields => fields.Has("_diffusers_version")),
        ("mlx-vlm, whose factors are called A and B", fields => fields.Has("rank") && fields.Has("alpha") && !fields.Has("r") && !fields.Has("lora_alpha")),
    ];

    /// <summary>The library that wrote a configuration, in words; null where it is nobody's that is known.</summary>
    public static string? Of(ConfigFields fields) => Array.Find(ByFields, other => other.IsTheirs(fields)).Library;

    /// <summary>The library that wrote a file, in words; null where it may be PEFT.</summary>
    public static string? Of(Shard weights)
    {
        if (weights.Metadata.TryGetValue("ss_network_module", out string? module))
            return module.StartsWith("lycoris", StringComparison.Ordinal) ? "LyCORIS" : "kohya's sd-scripts";
        foreach (StoredTensor tensor in weights.Tensors)
        {
            if (Of(tensor.Name) is string library)
                return library;
        }
        return null;
    }

    /// <summary>Megatron, where a file has its names below PEFT's or its own leaves; else null.</summary>
    public static string? Unconverted(Shard weights) => weights.Tensors.Any(tensor => Megatron.IsMatch(tensor.Name))
        ? "Megatron, not converted to Hugging Face's names (ms-swift: megatron export --to_hf true; Megatron-Bridge: save_hf_adapter)"
        : null;

    /// <summary>The library that gives tensors such names; null where it may be PEFT.</summary>
    public static string? Of(string tensor)
    {
        if (LyCoris.IsMatch(tensor))
            return "LyCORIS";
        if (Kohya.IsMatch(tensor))
            return "kohya's sd-scripts";
        if (Diffusers.IsMatch(tensor))
            return "diffusers";
        return LoraLib.IsMatch(tensor) ? "loralib (microsoft/LoRA), or code after its pattern: its scaling and its joined projections are in no file" : null;
    }

    /// <summary>The whole path of a module in one word, and the leaves of LyCORIS' own kinds.</summary>
    [GeneratedRegex(
        @"^(lycoris|lora_(unet|te\d?|transformer))_[^.]+\.(hada_w\d_[ab]|lokr_w\d(_[ab])?|oft_(blocks|diag)|diff|w_norm|dora_scale|on_input)$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex LyCoris { get; }

    [GeneratedRegex(@"^lora_[a-z0-9]+_[^.]+\.(lora_(down|up|mid)\.weight|alpha)$|\.lora_(down|up)\.weight$", RegexOptions.CultureInvariant)]
    private static partial Regex Kohya { get; }

    /// <summary>Factors that are parameters of the layer, not layers.</summary>
    [GeneratedRegex(@"\.lora_[AB]$", RegexOptions.CultureInvariant)]
    private static partial Regex LoraLib { get; }

    /// <summary>Layers that Megatron's models have and no others, and what it calls the factors.</summary>
    [GeneratedRegex(
        @"(^|\.)decoder\.layers\.(\d+\.)?(self_attention\.linear_(qkv|proj)|mlp\.(experts\.)?linear_fc[12])\.|\.adapter\.linear_(in|out)\.weight$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Megatron { get; }

    /// <summary>Names of a pipeline's parts in front, or the leaves of its first releases.</summary>
    [GeneratedRegex(
        @"^(unet|text_encoder(_2)?|transformer)\..*\.lora(_A|_B|\.down|\.up|_linear_layer\.down|_linear_layer\.up)\.weight$"
            + @"|\.processor\..*_lora\.(down|up)\.weight$|\.lora\.(down|up)\.weight$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Diffusers { get; }
}
