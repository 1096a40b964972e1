using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>
/// Which modules an adapter was made for, by the fields that name them: for kinds that need more than the modules that their file has tensors for.
/// </summary>
/// <remarks>PEFT, <c>check_target_module_exists</c>.</remarks>
/// <param name="Names">Whole names or their ends; empty where <paramref name="Expression"/> says which.</param>
/// <param name="Expression">A regular expression for whole names, or null.</param>
/// <param name="Excluded">Whole names or their ends.</param>
/// <param name="ExcludedExpression">The same as an expression, or null.</param>
/// <param name="Saved">Modules that were trained whole, which no adapter changes.</param>
/// <param name="Layers">Numbers of layers; empty for all.</param>
/// <param name="LayerLists">Expressions for the name that stands before the number; empty for any.</param>
internal sealed record TargetModules(
    ImmutableArray<string> Names,
    string? Expression,
    ImmutableArray<string> Excluded,
    string? ExcludedExpression,
    ImmutableArray<string> Saved,
    ImmutableArray<int> Layers,
    ImmutableArray<string> LayerLists
)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <exception cref="LoraMergeException">LORA3002.</exception>
    internal static TargetModules Read(ConfigFields fields, AdapterConfig general)
    {
        string? expression = fields.Json["target_modules"] is JsonValue ? fields.Text("target_modules") : null;
        string? excludedExpression = fields.Json["exclude_modules"] is JsonValue ? fields.Text("exclude_modules") : null;
        return new TargetModules(
            expression is null ? fields.Texts("target_modules") : [],
            expression,
            excludedExpression is null ? fields.Texts("exclude_modules") : [],
            excludedExpression,
            general.ModulesToSave,
            Numbers(fields, "layers_to_transform"),
            fields.Texts("layers_pattern")
        );
    }

    /// <summary>Whether they are among them.</summary>
    /// <param name="module">Path of a module in the live model.</param>
    /// <exception cref="LoraMergeException">LORA3016.</exception>
    internal bool Match(string module)
    {
        if (
            Excluded.Any(name => IsEnd(name, module))
            || (ExcludedExpression is not null && IsWhole(ExcludedExpression, module))
            || Saved.Any(name => IsWithin(name, module))
        )
            return false;
        return Expression is not null
            ? IsWhole(Expression, module)
            : Names.Any(name => IsEnd(name, module)) && (Layers.IsEmpty || (LayerOf(module) is int layer && Layers.Contains(layer)));
    }

    private int? LayerOf(string module) => (LayerLists.IsEmpty ? [@"[^.]*"] : LayerLists.Select(ModulePattern.FromPython))
        .Select(list => Regex.Match(module, $@"\A.*?\.{list}\.(?<layer>\d+)\.", RegexOptions.CultureInvariant, Patience))
        .Where(match => match.Success).Select(match => (int?)int.Parse(match.Groups["layer"].Value, CultureInfo.InvariantCulture)).FirstOrDefault();

    private static bool IsEnd(string name, string module) => module == name || module.EndsWith("." + name, StringComparison.Ordinal);

    private static bool IsWithin(string name, string module) => IsMatch($@"\A(?:^|.*\.){ModulePattern.FromPython(name)}(?:$|\..*)", module);

    private static bool IsWhole(string expression, string module) => IsMatch($@"\A(?:{ModulePattern.FromPython(expression)})\z", module);

    private static bool IsMatch(string expression, string module)
    {
        try
        {
            return Regex.IsMatch(module, expression, RegexOptions.CultureInvariant, Patience);
        }
        catch (RegexMatchTimeoutException e)
        {
            throw Errors.AdapterPatternTooSlow(expression, module, e);
        }
    }

    private static ImmutableArray<int> Numbers(ConfigFields fields, string name) => fields.Json[name] switch
    {
        null => [],
        JsonArray list => [.. list.Select(item => fields.ToInteger($"a number of \"{name}\"", item ?? throw fields.Invalid($"\"{name}\" holds null")))],
        var one => [fields.ToInteger($"\"{name}\"", one)],
    };
}
