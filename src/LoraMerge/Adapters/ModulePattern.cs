using System.Text.RegularExpressions;

namespace LoraMerge.Adapters;

/// <summary>A key of <c>rank_pattern</c> or <c>alpha_pattern</c> with its value.</summary>
/// <param name="Key">The key as written: a name, the end of a name, or a Python regular expression.</param>
/// <param name="Value">Rank or alpha of the modules that it matches.</param>
public sealed record ModulePattern<T>(string Key, T Value);

/// <summary>Makes patterns whose keys are known to be regular expressions.</summary>
internal static partial class ModulePattern
{
    /// <exception cref="ArgumentException">The key is no regular expression.</exception>
    public static ModulePattern<T> Create<T>(string key, T value)
    {
        _ = new Regex(Bracketed(key), RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        return new ModulePattern<T>(key, value);
    }

    /// <summary>PEFT since 0.15: <c>re.match(r"(.*\.)?(" + key + r")$", name)</c>.</summary>
    public static string Bracketed(string key) => $@"\A(?:.*\.)?(?:{FromPython(key)})\n?\z";

    /// <summary>Python spells named groups, references to them and the end of the text differently.</summary>
    public static string FromPython(string pattern) => BackReference.Replace(pattern, @"\k<${name}>")
        .Replace("(?P<", "(?<", StringComparison.Ordinal)
        .Replace(@"\Z", @"\z", StringComparison.Ordinal);

    [GeneratedRegex(@"\(\?P=(?<name>\w+)\)", RegexOptions.CultureInvariant)]
    private static partial Regex BackReference { get; }
}
