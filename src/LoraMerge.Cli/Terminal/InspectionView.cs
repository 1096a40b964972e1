using System.Globalization;
using LoraMerge.Inspecting;
using Spectre.Console;

namespace LoraMerge.Cli.Terminal;

/// <summary>An inspection as a table of facts.</summary>
internal static class InspectionView
{
    public static void Show(IAnsiConsole screen, Inspection inspection)
    {
        Table table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumns("", "");
        foreach ((string name, object value) in inspection.Facts)
        {
            string text = value is IEnumerable<string> many ? string.Join('\n', many) : Convert.ToString(value, CultureInfo.InvariantCulture)!;
            table.AddRow(Screen.Cell(name, new Style(decoration: Decoration.Bold)), Screen.Cell(text));
        }
        screen.Write(table);
    }
}
