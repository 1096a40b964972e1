using System.CommandLine;
using Spectre.Console;

namespace LoraMerge.Cli.Terminal;

/// <summary>What differs between models as a table: what it is, and how it differs.</summary>
internal static class DifferenceView
{
    /// <param name="parsed">The command.</param>
    /// <param name="lines">What plain lines say, a name and ':' before each that speaks of one thing.</param>
    /// <param name="isEqual">Whether the last line says that nothing differs.</param>
    public static void Print(ParseResult parsed, IReadOnlyList<string> lines, bool isEqual)
    {
        if (Screen.Of(parsed) is { } screen)
            Show(screen, lines, isEqual);
        else
        {
            foreach (string line in lines)
                parsed.InvocationConfiguration.Output.WriteLine(line);
        }
    }

    private static void Show(IAnsiConsole screen, IReadOnlyList<string> lines, bool isEqual)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("What", "How it differs");
        List<string> notes = [];
        foreach (string line in lines.SkipLast(1))
        {
            int colon = line.IndexOf(": ", StringComparison.Ordinal);
            if (colon > 0)
                table.AddRow(Screen.Cell(line[..colon]), Screen.Cell(line[(colon + 2)..]));
            else
                notes.Add(line);
        }
        if (table.Rows.Count > 0)
            screen.Write(table);
        foreach (string note in notes)
            screen.Line(note, new Style(decoration: Decoration.Dim));
        screen.Line(lines[^1], new Style(isEqual ? Color.Green : Color.Yellow, decoration: Decoration.Bold));
    }
}
