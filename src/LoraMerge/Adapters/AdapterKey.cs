using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace LoraMerge.Adapters;

/// <summary>The name of a tensor of an adapter file, taken apart.</summary>
/// <param name="Module">Path of the module in the live model, such as <c>model.layers.0.self_attn.q_proj</c>; empty for what the whole adapter shares.</param>
/// <param name="Use">What becomes of the tensor.</param>
/// <param name="Role">Its role, where it has one; null for a parameter of the model under its own name.</param>
/// <param name="Parameter">Name of the base parameter that it acts on: <c>weight</c>, <c>bias</c>, or another one of a saved module.</param>
/// <param name="AdapterName">The adapter's name, which raw state dumps leave in the key; null where it was taken out, as PEFT does.</param>
internal sealed partial record AdapterKey(string Module, RoleUse Use, TensorRole? Role, string Parameter, string? AdapterName)
{
    /// <summary>Roles that all kinds have.</summary>
    private static readonly ImmutableArray<TensorRole> GeneralRoles =
    [
        new("original_module") { Use = RoleUse.Ignored },
        new("token_adapter.trainable_tokens_original") { Use = RoleUse.Ignored },
        new("token_adapter.trainable_tokens_delta") { Use = RoleUse.Rows },
        // What a model computes when it is built, and dumps of the whole model hold all the same.
        new("rotary_emb.inv_freq") { Use = RoleUse.Ignored },
        new("embeddings.position_ids") { Use = RoleUse.Ignored },
        new("attn.masked_bias") { Use = RoleUse.Ignored },
        // How many batches a norm has seen; whole numbers, and nothing that it computes once it is trained.
        new("num_batches_tracked") { Use = RoleUse.Ignored },
    ];

    /// <summary>What FSDP calls all parameters of a module, strung together: none of them can be told from it.</summary>
    private const string FlatLeaf = "._flat_param";

    /// <summary>The saved module whose copy it is, of a <see cref="RoleUse.SavedCopy"/>; what follows in <see cref="Module"/> may begin with the adapter's
    /// name.</summary>
    public string? SavedModule { get; init; }

    /// <summary>The key behind the leaf, of a role that has several.</summary>
    public string? Key { get; init; }

    /// <summary>The key, or null if it is none of the kind's files.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="roles">The kind's roles.</param>
    /// <param name="adapterName">Name of the adapter where the file's keys hold one: tells it from a part of the module below <c>modules_to_save</c>.</param>
    public static AdapterKey? Parse(string name, ImmutableArray<TensorRole> roles, string? adapterName = null)
    {
        string path = Prefix.Replace(WrapperParts.Replace(name, ""), "");
        // The longest leaf, as some end like others; what is ignored is ignored with all that is below it.
        foreach (TensorRole role in GeneralRoles.Concat(roles).OrderBy(role => role.Use != RoleUse.Ignored).ThenByDescending(role => role.Leaf.Length))
        {
            if (Match(path, role) is AdapterKey key)
                return key;
        }
        if (path.Split('.').Any(AdapterKinds.IsLeafOfSomeKind) || path.EndsWith(FlatLeaf, StringComparison.Ordinal))
            return null;
        if (BaseLayerKey.Match(path) is { Success: true } baseLayer)
            return new AdapterKey(baseLayer.Groups["module"].Value, RoleUse.BaseLayer, null, baseLayer.Groups["parameter"].Value, null);
        if (SavedKey.Match(path) is { Success: true } saved)
            return FromSaved(saved, adapterName);
        return ParameterKey.Match(path) is { Success: true } parameter
            ? new AdapterKey(parameter.Groups["module"].Value, RoleUse.Parameter, null, parameter.Groups["parameter"].Value, null)
            : null;
    }

    /// <summary>Takes a path apart where the leaf stands in it for the last time, if what follows is what may follow.</summary>
    private static AdapterKey? Match(string path, TensorRole role)
    {
        int place = $".{path}.".LastIndexOf($".{role.Leaf}.", StringComparison.Ordinal);
        if (place < 0)
            return null;
        string module = path[..Math.Max(place - 1, 0)];
        string behind = path[Math.Min(place + role.Leaf.Length, path.Length)..];
        string[] rest = behind.Length == 0 ? [] : behind[1..].Split('.');
        if (role.Use == RoleUse.Ignored)
            return module.Length == 0 ? null : new AdapterKey(module, role.Use, role, path, null);
        if (role.Use == RoleUse.Shared && module == "base_model")
            module = "";
        if (module.Length == 0 && role.Use != RoleUse.Shared)
            return null;
        if (role.IsKeyed)
            return rest.Length == 1 || rest is [_, "weight"] ? new AdapterKey(module, role.Use, role, "weight", null) { Key = rest[0] } : null;
        string parameter = role.Parameter ?? "weight";
        return (rest, role.Parameter is null) switch
        {
            ([], true) or (["weight"], true) => new AdapterKey(module, role.Use, role, parameter, null),
            ([var only], true) => new AdapterKey(module, role.Use, role, parameter, only),
            ([var only, "weight"], true) => new AdapterKey(module, role.Use, role, parameter, only),
            ([var last], false) when last == parameter => new AdapterKey(module, role.Use, role, parameter, null),
            ([var only, var last], false) when last == parameter => new AdapterKey(module, role.Use, role, parameter, only),
            _ => null,
        };
    }

    /// <summary>Below <c>modules_to_save</c> the adapter's name may stand first; PEFT takes it out when it saves.</summary>
    private static AdapterKey FromSaved(Match match, string? adapterName)
    {
        string[] parts = match.Groups["rest"].Value.Split('.');
        bool isNamed = parts.Length > 1 && (parts[0] == adapterName || parts[0] == "default");
        string[] inner = isNamed ? parts[1..] : parts;
        string module = string.Join('.', (string[])[match.Groups["module"].Value, .. inner[..^1]]);
        return new AdapterKey(module, RoleUse.SavedCopy, null, inner[^1], isNamed ? parts[0] : null) { SavedModule = match.Groups["module"].Value };
    }

    /// <summary>Wrappers that torch.compile, FSDP and checkpointing leave anywhere in a name.</summary>
    [GeneratedRegex(@"(?<=^|\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.", RegexOptions.CultureInvariant)]
    private static partial Regex WrapperParts { get; }

    /// <summary>DDP's <c>module.</c>, outside or inside of PEFT's own attributes above the model, which are there twice where PEFT was put around
    /// PEFT.</summary>
    [GeneratedRegex(@"^(module\.)?((base_model\.model\.)+(module\.)?)?", RegexOptions.CultureInvariant)]
    private static partial Regex Prefix { get; }

    [GeneratedRegex(@"^(?<module>.+?)(\.token_adapter)?(\.base_layer)+\.(?<parameter>[^.]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex BaseLayerKey { get; }

    [GeneratedRegex(@"^(?<module>.+?)\.modules_to_save\.(?<rest>.+)$", RegexOptions.CultureInvariant)]
    private static partial Regex SavedKey { get; }

    [GeneratedRegex(@"^(?<module>.+)\.(?<parameter>[^.]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex ParameterKey { get; }
}
