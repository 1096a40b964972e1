using System.Collections.Immutable;
using System.Text.RegularExpressions;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>A key of <c>rank_pattern</c> or <c>alpha_pattern</c> with its value.</summary>
/// <param name="Pattern">The key as written: a name, the end of a name, or a Python regular expression.</param>
/// <param name="Expression">The key as PEFT matches it: at the start of the path or after a dot, up to the path's end.</param>
/// <param name="Value">Rank or alpha of the modules that it matches.</param>
public sealed record ModulePattern<T>(string Pattern, Regex Expression, T Value)
{
    /// <summary>Whether the pattern is for this module.</summary>
    /// <exception cref="LoraMergeException">LORA3016: the expression goes through too many possibilities.</exception>
    public bool Matches(string module)
    {
        try
        {
            return Expression.IsMatch(module);
        }
        catch (RegexMatchTimeoutException e)
        {
            throw Errors.AdapterPatternTooSlow(Pattern, module, e);
        }
    }
}

/// <summary>Looks up patterns as PEFT does: the first that matches wins.</summary>
/// <remarks>PEFT, <c>get_pattern_key</c> in <c>utils/other.py</c>: <c>re.match(r"(.*\.)?(" + key + r")$", name)</c>.</remarks>
internal static partial class ModulePattern
{
    public static T Find<T>(ImmutableArray<ModulePattern<T>> patterns, string module, T otherwise)
    {
        foreach (ModulePattern<T> pattern in patterns)
        {
            if (pattern.Matches(module))
                return pattern.Value;
        }
        return otherwise;
    }

    /// <exception cref="ArgumentException">The key is no regular expression.</exception>
    public static ModulePattern<T> Create<T>(string pattern, T value) =>
        new(pattern, new Regex($@"\A(?:.*\.)?(?:{FromPython(pattern)})\n?\z", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)), value);

    /// <summary>Python spells named groups, references to them and the end of the text differently.</summary>
    public static string FromPython(string pattern) => BackReference.Replace(pattern, @"\k<${name}>")
        .Replace("(?P<", "(?<", StringComparison.Ordinal)
        .Replace(@"\Z", @"\z", StringComparison.Ordinal);

    [GeneratedRegex(@"\(\?P=(?<name>\w+)\)", RegexOptions.CultureInvariant)]
    private static partial Regex BackReference { get; }
}
