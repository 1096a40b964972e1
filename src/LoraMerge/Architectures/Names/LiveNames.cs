using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace LoraMerge.Architectures.Names;

/// <summary>Sends names of tensors through transformers' table, forwards: names of files become live names, and live names stay what they are.</summary>
/// <remarks>
/// Both the names of the base's files and those of the adapter go through it, so that they meet in one form whichever release wrote either; backwards the
/// table would not be unique.
/// The lists of the models inside a model see names below their path alone, the outermost first. transformers, <c>conversion_mapping.py</c> and
/// <c>core_model_loading.py</c>.
/// </remarks>
internal sealed partial class LiveNames
{
    private readonly NamedModel _model;
    private readonly NameFamily? _root;
    private readonly NameFamily? _base;
    private readonly NameFamily _legacy;
    private readonly ImmutableArray<(NameFamily Family, ImmutableArray<string> Attributes)> _inner;
    private readonly string[] _all;
    private readonly Dictionary<Regex, bool> _occurs = [];
    private readonly Dictionary<string, ImmutableArray<LiveName>> _known = new(StringComparer.Ordinal);

    /// <param name="model">The model.</param>
    /// <param name="all">All names of this side: some renames act only beside others.</param>
    public LiveNames(NamedModel model, IEnumerable<string> all)
    {
        NameTable table = NameTable.Transformers;
        _model = model;
        _root = table.Of(model.Classes, model.ModelType);
        _base = table.OfInner(model.ModelType) is NameFamily inner && inner != _root ? inner : null;
        _legacy = table.Legacy;
        _inner =
        [
            .. model
                .Inner.Select(part => (Family: table.OfInner(part.ModelType) ?? table.OfType(part.ModelType), part.Attributes))
                .Where(pair => pair.Family is not null)
                .Select(pair => (pair.Family!, pair.Attributes)),
        ];
        _all = [.. all];
    }

    /// <summary>The live names of a tensor: several where a file's tensor holds several live ones.</summary>
    public ImmutableArray<LiveName> Of(string name)
    {
        string plain = WithoutWrappers(name);
        if (!_known.TryGetValue(plain, out ImmutableArray<LiveName> live))
            _known[plain] = live = [.. Convert(plain)];
        return live;
    }

    /// <summary>The name after all renames, before anything is split or joined.</summary>
    public string Renamed(string name)
    {
        string live = WithoutWrappers(name);
        foreach ((NameFamily family, string scope) in Lists(live))
            live = Rename(family, scope, live);
        return live;
    }

    /// <summary>Without what torch.compile, FSDP and adapters leave in names, and with transformers' names for what Tinker, vLLM and unsloth call
    /// otherwise.</summary>
    public static string WithoutWrappers(string name) =>
        ExpertLists.Replace(OtherExperts.Replace(OtherHead.Replace(Wrappers.Replace(name, ""), "lm_head."), ".experts."), ".experts.${expert}.${layer}");

    private IEnumerable<LiveName> Convert(string name)
    {
        string live = name;
        foreach ((NameFamily family, string scope) in Lists(name))
        {
            live = Rename(family, scope, live);
            string rest = live[(live.StartsWith(scope, StringComparison.Ordinal) ? scope.Length : 0)..];
            foreach (NameConverter converter in family.Converters)
            {
                if (converter.Apply(rest) is { IsEmpty: false } converted)
                    return converted.Select(one => one with { Name = live[..^rest.Length] + one.Name });
            }
        }
        return [new LiveName(live, RowShare.Whole, RowShare.Whole)];
    }

    /// <summary>The lists that a name goes through, with the path that each is scoped to; a scope follows from what earlier lists made of the name.</summary>
    private IEnumerable<(NameFamily Family, string Scope)> Lists(string name)
    {
        string live = name;
        if (_root is not null)
        {
            string scope = IsBareClass(_root) ? BasePrefixOf(live) : "";
            live = Rename(_root, scope, live);
            yield return (_root, scope);
        }
        if (_base is not null)
        {
            string scope = BasePrefixOf(live);
            live = Rename(_base, scope, live);
            yield return (_base, scope);
        }
        foreach ((NameFamily family, ImmutableArray<string> attributes) in _inner)
        {
            if (PathOf(live, attributes) is not string scope)
                continue;
            live = Rename(family, scope, live);
            yield return (family, scope);
        }
        yield return (_legacy, "");
    }

    private string Rename(NameFamily family, string scope, string name)
    {
        if (!name.StartsWith(scope, StringComparison.Ordinal))
            return name;
        string rest = name[scope.Length..];
        foreach (NameStep step in family.Steps)
            rest = step.Apply(rest, Occurs);
        return scope + rest;
    }

    private bool Occurs(Regex expression)
    {
        if (!_occurs.TryGetValue(expression, out bool occurs))
            _occurs[expression] = occurs = _all.Any(expression.IsMatch);
        return occurs;
    }

    /// <summary>Whether a list is for the bare model, which lies below its base prefix in one with a head.</summary>
    private static bool IsBareClass(NameFamily family) =>
        family.ModelTypes.Count == 0 && family.Classes.Count > 0 && family.Classes.Keys.All(name => name.EndsWith("Model", StringComparison.Ordinal));

    /// <summary><c>model.</c>, <c>vit.</c> and the like, where a name begins with it; else nothing.</summary>
    private string BasePrefixOf(string name)
    {
        string type = _model.ModelType?.Replace('-', '_') ?? "";
        return new[] { "model.", type + ".", type.Split('_')[0] + "." }.FirstOrDefault(prefix =>
                prefix.Length > 1 && name.StartsWith(prefix, StringComparison.Ordinal)
            )
            ?? "";
    }

    /// <summary>The path up to the outermost part that has one of these names; null where a name has none.</summary>
    private static string? PathOf(string name, ImmutableArray<string> attributes)
    {
        int start = 0;
        for (int dot; (dot = name.IndexOf('.', start)) >= 0; start = dot + 1)
        {
            if (attributes.Contains(name[start..dot]))
                return name[..(dot + 1)];
        }
        return null;
    }

    /// <summary>Tinker's name of the output head.</summary>
    [GeneratedRegex(@"^(model\.)?unembed_tokens\.", RegexOptions.CultureInvariant)]
    private static partial Regex OtherHead { get; }

    /// <summary>vLLM's Gemma 4 has a module around the experts.</summary>
    [GeneratedRegex(@"(?<=\.layers\.[0-9]+)\.moe\.experts\.", RegexOptions.CultureInvariant)]
    private static partial Regex OtherExperts { get; }

    /// <summary>unsloth's gpt-oss has a list of layers for each projection, instead of a parameter of all experts.</summary>
    [GeneratedRegex(@"\.experts\.(?<layer>gate_up_proj|down_proj)s\.(?<expert>[0-9]{1,6})(?=\.|$)", RegexOptions.CultureInvariant)]
    private static partial Regex ExpertLists { get; }

    [GeneratedRegex(@"(?<=^|\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.|(?<=\.)base_layer\.", RegexOptions.CultureInvariant)]
    private static partial Regex Wrappers { get; }
}
