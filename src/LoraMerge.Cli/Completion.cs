using System.CommandLine;
using System.Globalization;

namespace LoraMerge.Cli;

/// <summary>Answers a shell that asks which words can follow: <c>lora-merge "[suggest:17]" "lora-merge merge --dt"</c>.</summary>
internal static class Completion
{
    private const string Prefix = "[suggest:";
    private const string Suffix = "]";

    /// <returns>False where the arguments are no such question.</returns>
    /// <param name="args">The mark with the place of the cursor, and the line that is being typed.</param>
    /// <param name="parse">How a line is parsed that has not the program's name.</param>
    /// <param name="output">Gets one word a line.</param>
    public static bool TryAnswer(string[] args, Func<string, ParseResult> parse, TextWriter output)
    {
        if (args is not [{ } mark, { } line] || !mark.StartsWith(Prefix, StringComparison.Ordinal) || !mark.EndsWith(Suffix, StringComparison.Ordinal))
            return false;
        if (!int.TryParse(mark.AsSpan()[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out int cursor))
            return false;
        foreach (string word in Of(line[..Math.Min(cursor, line.Length)].TrimStart(), parse))
            output.WriteLine(word);
        return true;
    }

    /// <summary>The program's own name goes, with the blanks behind it: a user may call it by any path.</summary>
    private static IEnumerable<string> Of(string line, Func<string, ParseResult> parse)
    {
        int name = line.AsSpan().TrimEnd().IndexOfAny(' ', '\t');
        string rest = name < 0 ? "" : line[name..].TrimStart();
        // The library takes what holds the letters anywhere; a shell would put it in the place of what was typed.
        string begun = rest[(rest.LastIndexOfAny([' ', '\t']) + 1)..];
        return parse(rest)
            .GetCompletions(rest.Length)
            .Select(completion => completion.Label)
            .Where(word => word.StartsWith(begun, StringComparison.Ordinal) && word is not ['/', ..] and not "-?")
            .Distinct();
    }
}
