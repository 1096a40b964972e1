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
            Rows values = new(InspectionReport.TextsOf(value).Select(text => Screen.Cell(text)));
            table.AddRow(Screen.Cell(name, new Style(decoration: Decoration.Bold)), values);
        }
        screen.Write(table);
    }
}
