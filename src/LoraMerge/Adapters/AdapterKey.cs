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

    /// <summary><c>lora_embedding_A</c>, <c>[r, vocabulary]</c>.</summary>
    LoraEmbeddingA,

    /// <summary><c>lora_embedding_B</c>, <c>[dim, r]</c>.</summary>
    LoraEmbeddingB,

    /// <summary><c>lora_magnitude_vector</c> of DoRA.</summary>
    Magnitude,

    /// <summary><c>lora_diag</c> of KaSA, <c>[r]</c>.</summary>
    Diagonal,

    /// <summary><c>token_adapter.trainable_tokens_delta</c>, <c>[tokens, dim]</c>: whole rows of an embedding, in spite of its name.</summary>
    TokenRows,

    /// <summary>A whole parameter of the model: a saved module, or a trained bias.</summary>
    Parameter,

    /// <summary>The same below <c>modules_to_save</c>, as raw state dumps name it.</summary>
    SavedCopy,

    /// <summary>The base tensor of an adapted module, below <c>base_layer</c>.</summary>
    BaseLayer,

    /// <summary>What only training needed, or the untrained original of a saved module.</summary>
    Unused,
}

/// <summary>The name of a tensor of an adapter file, taken apart.</summary>
/// <param name="Module">Path of the module in the live model, such as <c>model.layers.0.self_attn.q_proj</c>.</param>
/// <param name="Leaf">What the tensor is for.</param>
/// <param name="Parameter">Name of the base parameter that it acts on: <c>weight</c>, <c>bias</c>, or another one of a saved module.</param>
/// <param name="AdapterName">The adapter's name, which raw state dumps leave in the key; null where it was taken out, as PEFT does.</param>
internal sealed partial record AdapterKey(string Module, AdapterLeaf Leaf, string Parameter, string? AdapterName)
{
    /// <summary>The key, or null if it is none of a LoRA file.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="adapterName">Name of the adapter where the file's keys hold one: tells it from a part of the module below <c>modules_to_save</c>.</param>
    public static AdapterKey? Parse(string name, string? adapterName = null)
    {
        string path = Prefix.Replace(WrapperParts.Replace(name, ""), "");
        if (UnusedKey.Match(path) is { Success: true } unused)
            return new AdapterKey(unused.Groups["module"].Value, AdapterLeaf.Unused, path, null);
        if (LoraKey.Match(path) is { Success: true } lora)
            return FromLora(lora);
        if (ParameterLeafKey.Match(path) is { Success: true } leaf)
            return new AdapterKey(leaf.Groups["module"].Value, LeafOf(leaf.Groups["leaf"].Value), "weight", NullIfEmpty(leaf.Groups["name"].Value));
        if (ForeignPart.IsMatch(path))
            return null;
        if (BaseLayerKey.Match(path) is { Success: true } baseLayer)
            return new AdapterKey(baseLayer.Groups["module"].Value, AdapterLeaf.BaseLayer, baseLayer.Groups["parameter"].Value, null);
        if (SavedKey.Match(path) is { Success: true } saved)
            return FromSaved(saved, adapterName);
        return ParameterKey.Match(path) is { Success: true } parameter
            ? new AdapterKey(parameter.Groups["module"].Value, AdapterLeaf.Parameter, parameter.Groups["parameter"].Value, null)
            : null;
    }

    private static AdapterKey? FromLora(Match match)
    {
        string parameter = match.Groups["parameter"].Value;
        AdapterLeaf? leaf = (match.Groups["leaf"].Value, parameter) switch
        {
            ("lora_A", "weight") => AdapterLeaf.LoraA,
            ("lora_B", "weight") => AdapterLeaf.LoraB,
            ("lora_B", "bias") => AdapterLeaf.LoraBBias,
            _ => null,
        };
        return leaf is AdapterLeaf known ? new AdapterKey(match.Groups["module"].Value, known, parameter, NullIfEmpty(match.Groups["name"].Value)) : null;
    }

    private static AdapterLeaf LeafOf(string leaf) => leaf switch
    {
        "lora_embedding_A" => AdapterLeaf.LoraEmbeddingA,
        "lora_embedding_B" => AdapterLeaf.LoraEmbeddingB,
        "lora_diag" => AdapterLeaf.Diagonal,
        "token_adapter.trainable_tokens_delta" => AdapterLeaf.TokenRows,
        _ => AdapterLeaf.Magnitude,
    };

    /// <summary>Below <c>modules_to_save</c> the adapter's name may stand first; PEFT takes it out when it saves.</summary>
    private static AdapterKey FromSaved(Match match, string? adapterName)
    {
        string[] parts = match.Groups["rest"].Value.Split('.');
        bool isNamed = parts.Length > 1 && (parts[0] == adapterName || parts[0] == "default");
        string[] inner = isNamed ? parts[1..] : parts;
        string module = string.Join('.', (string[])[match.Groups["module"].Value, .. inner[..^1]]);
        return new AdapterKey(module, AdapterLeaf.SavedCopy, inner[^1], isNamed ? parts[0] : null);
    }

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    /// <summary>Wrappers that torch.compile, FSDP and checkpointing leave anywhere in a name.</summary>
    [GeneratedRegex(@"(?<=^|\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.", RegexOptions.CultureInvariant)]
    private static partial Regex WrapperParts { get; }

    /// <summary>DDP's <c>module.</c>, outside or inside of PEFT's own attributes above the model.</summary>
    [GeneratedRegex(@"^(module\.)?(base_model\.model\.(module\.)?)?", RegexOptions.CultureInvariant)]
    private static partial Regex Prefix { get; }

    [GeneratedRegex(@"^(?<module>.+)\.(?<leaf>lora_[AB])(\.(?<name>[^.]+))?\.(?<parameter>weight|bias)$", RegexOptions.CultureInvariant)]
    private static partial Regex LoraKey { get; }

    /// <summary>Leaves that are parameters, not modules; some dumps add <c>.weight</c>.</summary>
    [GeneratedRegex(@"^(?<module>.+)\.(?<leaf>lora_embedding_[AB]|lora_magnitude_vector|lora_diag|token_adapter\.trainable_tokens_delta)(\.(?!weight$)(?<name>[^.]+))?(\.weight)?$", RegexOptions.CultureInvariant)]
    private static partial Regex ParameterLeafKey { get; }

    /// <summary>State of VeLoRA's and MonteCLoRA's training; the original of a saved module, and of an embedding with trained rows.</summary>
    [GeneratedRegex(@"^(?<module>.+)\.(lora_velora_embed|lora_monteclora_sampler|original_module|token_adapter\.trainable_tokens_original)(\.|$)", RegexOptions.CultureInvariant)]
    private static partial Regex UnusedKey { get; }

    [GeneratedRegex(@"^(?<module>.+?)(\.token_adapter)?(\.base_layer)+\.(?<parameter>[^.]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex BaseLayerKey { get; }

    [GeneratedRegex(@"^(?<module>.+?)\.modules_to_save\.(?<rest>.+)$", RegexOptions.CultureInvariant)]
    private static partial Regex SavedKey { get; }

    [GeneratedRegex(@"^(?<module>.+)\.(?<parameter>[^.]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex ParameterKey { get; }

    /// <summary>Parts that only adapter tensors have; what holds one and is none of the above is not understood here.</summary>
    [GeneratedRegex(@"(^|\.)(lora_|trainable_tokens_|ia3_|hada_|lokr_|vera_|oft_|boft_)", RegexOptions.CultureInvariant)]
    private static partial Regex ForeignPart { get; }
}
