using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Diagnostics;
using LoraMerge.Inspecting;

namespace LoraMerge.Cli;

/// <summary>An inspection as text for people, or as JSON for programs.</summary>
internal static class InspectionReport
{
    public static string ToText(Inspection inspection)
    {
        var text = new StringBuilder();
        int width = inspection.Facts.Max(fact => fact.Name.Length);
        foreach ((string name, object value) in inspection.Facts)
        {
            string[] shown = TextsOf(value);
            text.AppendLine(CultureInfo.InvariantCulture, $"{name.PadRight(width)}  {string.Join(Separator(shown, width), shown)}");
        }
        return text.ToString();
    }

    /// <summary>A fact's value, or its values, as people read them.</summary>
    public static string[] TextsOf(object value) =>
        value is IEnumerable<string> many ? [.. many.Select(VisibleText.Of)] : [VisibleText.Of(Convert.ToString(value, CultureInfo.InvariantCulture)!)];

    /// <summary>Texts that hold commas themselves stand below one another.</summary>
    private static string Separator(IEnumerable<string> texts, int width) =>
        texts.Any(text => text.Contains(", ", StringComparison.Ordinal)) ? Environment.NewLine + new string(' ', width + 2) : ", ";

    public static string ToJson(Inspection inspection)
    {
        var json = new JsonObject();
        foreach ((string name, object value) in inspection.Facts)
            json[JsonNamingPolicy.CamelCase.ConvertName(name.Replace(" ", "", StringComparison.Ordinal))] = JsonSerializer.SerializeToNode(value);
        return JsonText.Of(json);
    }
}
