using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace LoraMerge.Fuzz;

/// <summary>The inputs that a target starts from, and the words that its format is made of.</summary>
/// <param name="Inputs">The files of a folder, in the order of their names.</param>
/// <param name="Words">What AFL calls a dictionary; empty where there is none.</param>
internal sealed partial record Corpus(IReadOnlyList<byte[]> Inputs, IReadOnlyList<byte[]> Words)
{
    /// <param name="folder">Holds <c>TARGET/</c> and <c>TARGET.dict</c>.</param>
    /// <param name="target">The target's name.</param>
    public static Corpus Read(string folder, string target)
    {
        string words = Path.Combine(folder, target + ".dict");
        return new Corpus(
            [.. Directory.EnumerateFiles(Path.Combine(folder, target)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)],
            File.Exists(words) ? [.. File.ReadLines(words).Where(line => line.StartsWith('"')).Select(Unquote)] : []);
    }

    /// <summary>AFL writes a word in quotes, and bytes that do not print as <c>\xNN</c>.</summary>
    private static byte[] Unquote(string line) =>
        Encoding.Latin1.GetBytes(Escape.Replace(line[1..line.LastIndexOf('"')], match =>
            ((char)int.Parse(match.ValueSpan[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString()));

    [GeneratedRegex(@"\\x[0-9a-f]{2}")]
    private static partial Regex Escape { get; }
}
