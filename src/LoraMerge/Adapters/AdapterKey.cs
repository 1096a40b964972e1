using System.Text.RegularExpressions;

namespace LoraMerge.Adapters;

/// <summary>What a tensor of an adapter file is for.</summary>
public enum AdapterLeaf
{
    /// <summary><c>lora_A.weight</c>, <c>[r, in]</c>.</summary>
    LoraA,

    /// <summary><c>lora_B.weight</c>, <c>[out, r]</c>.</summary>
    LoraB,

    /// <summary><c>lora_B.bias</c>, <c>[out]</c>: added to the base bias, times scaling.</summary>
    LoraBBias,

    /// <summary><c>token_adapter.trainable_tokens_delta</c>, <c>[tokens, dim]</c>: whole rows of an embedding, in spite of its name.</summary>
    TokenRows,

    /// <summary>A whole parameter of the model: a saved module, a trained bias, the base tensor of an adapted module.</summary>
    Parameter,
}

/// <summary>The name of a tensor of an adapter file, taken apart.</summary>
/// <param name="Module">Path of the module in the live model, such as <c>model.layers.0.self_attn.q_proj</c>.</param>
/// <param name="Leaf">What the tensor is for.</param>
/// <param name="Parameter">Name of the base parameter that it acts on: <c>weight</c>, <c>bias</c>, or another one of a saved module.</param>
/// <param name="AdapterName">The adapter's name, which raw state dumps leave in the key; null where it was taken out, as PEFT does.</param>
internal sealed partial record AdapterKey(string Module, AdapterLeaf Leaf, string Parameter, string? AdapterName)
{
    /// <summary>The key, or null if it is none of a plain LoRA file.</summary>
    public static AdapterKey? Parse(string name)
    {
        string path = WrapperParts.Replace(name, "");
        path = Prefix.Replace(path, "");
        Match match = LoraKey.Match(path);
        if (match.Success)
        {
            (AdapterLeaf leaf, string parameter) = (match.Groups["leaf"].Value, match.Groups["parameter"].Value) switch
            {
                ("lora_A", "weight") => (AdapterLeaf.LoraA, "weight"),
                ("lora_B", "weight") => (AdapterLeaf.LoraB, "weight"),
                ("lora_B", "bias") => (AdapterLeaf.LoraBBias, "bias"),
                _ => (AdapterLeaf.Parameter, ""),
            };
            return parameter.Length == 0 ? null : new AdapterKey(match.Groups["module"].Value, leaf, parameter, NullIfEmpty(match.Groups["name"].Value));
        }
        match = TokenKey.Match(path);
        if (match.Success)
            return new AdapterKey(match.Groups["module"].Value, AdapterLeaf.TokenRows, "weight", NullIfEmpty(match.Groups["name"].Value));
        if (ForeignPart.IsMatch(path))
            return null;
        match = ParameterKey.Match(path);
        return match.Success ? new AdapterKey(match.Groups["module"].Value, AdapterLeaf.Parameter, match.Groups["parameter"].Value, NullIfEmpty(match.Groups["name"].Value)) : null;
    }

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    /// <summary>Wrappers that torch.compile, FSDP and checkpointing leave anywhere in a name.</summary>
    [GeneratedRegex(@"(?<=^|\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.", RegexOptions.CultureInvariant)]
    private static partial Regex WrapperParts { get; }

    /// <summary>DDP's <c>module.</c> and PEFT's own attributes above the model.</summary>
    [GeneratedRegex(@"^(module\.)?(base_model\.model\.)?", RegexOptions.CultureInvariant)]
    private static partial Regex Prefix { get; }

    [GeneratedRegex(@"^(?<module>.+)\.(?<leaf>lora_[AB])(\.(?<name>[^.]+))?\.(?<parameter>weight|bias)$", RegexOptions.CultureInvariant)]
    private static partial Regex LoraKey { get; }

    [GeneratedRegex(@"^(?<module>.+)\.token_adapter\.trainable_tokens_delta(\.(?<name>[^.]+))?$", RegexOptions.CultureInvariant)]
    private static partial Regex TokenKey { get; }

    [GeneratedRegex(@"^(?<module>.+?)(\.base_layer|\.modules_to_save\.(?<name>[^.]+))?\.(?<parameter>[^.]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex ParameterKey { get; }

    /// <summary>Parts that only adapter tensors have; what holds one and is none of the above is not understood here.</summary>
    [GeneratedRegex(@"(^|\.)(lora_|trainable_tokens_|token_adapter|original_module|ia3_|hada_|lokr_|vera_|oft_|boft_)", RegexOptions.CultureInvariant)]
    private static partial Regex ForeignPart { get; }
}
