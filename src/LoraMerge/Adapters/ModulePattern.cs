using System.Buffers;
using System.Text.RegularExpressions;

namespace LoraMerge.Adapters;

/// <summary>A key of <c>rank_pattern</c> or <c>alpha_pattern</c> with its value.</summary>
/// <param name="Key">The key as written: a name, the end of a name, or a Python regular expression.</param>
/// <param name="Value">Rank or alpha of the modules that it matches.</param>
internal sealed record ModulePattern<T>(string Key, T Value);

/// <summary>Makes patterns whose keys are known to be regular expressions.</summary>
internal static partial class ModulePattern
{
    private static readonly SearchValues<char> Signs = SearchValues.Create(@"\*+?|{[()^$");

    /// <exception cref="ArgumentException">The key is no regular expression.</exception>
    public static ModulePattern<T> Create<T>(string key, T value)
    {
        foreach (PatternForm form in IsName(key) ? [] : Enum.GetValues<PatternForm>())
            _ = new Regex(Expression(key, form), RegexOptions.CultureInvariant);
        return new ModulePattern<T>(key, value);
    }

    public static ModulePatternSet<T> Collect<T>(ReadOnlySpan<ModulePattern<T>> patterns) => new(patterns);

    /// <summary>Whether a key has no sign of an expression but the dot.</summary>
    public static bool IsName(string key) => !key.AsSpan().ContainsAny(Signs);

    /// <summary>The expression that PEFT matches from the start of a module's path on (<c>re.match</c>).</summary>
    public static string Expression(string key, PatternForm form) => form switch
    {
        PatternForm.Bracketed => $@"\A(?:.*\.)?(?:{FromPython(key)})\n?\z",
        PatternForm.Unbracketed => $@"\A(?:.*\.{FromPython(key)}$)",
        _ => $@"\A(?:(?:.*\.)?{FromPython(key)}$)",
    };

    /// <summary>Python spells named groups, references to them and the end of the text differently.</summary>
    public static string FromPython(string pattern) => BackReference.Replace(pattern, @"\k<${name}>")
        .Replace("(?P<", "(?<", StringComparison.Ordinal)
        .Replace(@"\Z", @"\z", StringComparison.Ordinal);

    [GeneratedRegex(@"\(\?P=(?<name>\w+)\)", RegexOptions.CultureInvariant)]
    private static partial Regex BackReference { get; }
}
