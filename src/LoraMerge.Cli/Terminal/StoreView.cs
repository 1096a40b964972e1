using System.Globalization;
using LoraMerge.Diagnostics;
using LoraMerge.Store;
using Spectre.Console;

namespace LoraMerge.Cli.Terminal;

/// <summary>The models of a store as a table.</summary>
internal static class StoreView
{
    public static void Show(IAnsiConsole screen, IReadOnlyList<StoredModel> models, string sum)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumn("Model").AddColumn("Size", column => column.RightAligned()).AddColumns("Last used", "");
        foreach (StoredModel model in models)
            table.AddRow(
                Screen.Cell(model.Name),
                Screen.Cell(Errors.Bytes(model.ByteLength)),
                Screen.Cell(model.LastUsed.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)),
                Screen.Cell(model.IsInUse ? "in use" : "", new Style(Color.Green)));
        if (models.Count > 0)
            screen.Write(table);
        screen.Line(sum);
    }
}
