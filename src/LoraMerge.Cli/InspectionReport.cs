using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
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
            object shown = value is IEnumerable<string> many ? string.Join(Separator(many, width), many) : value;
            text.AppendLine(CultureInfo.InvariantCulture, $"{name.PadRight(width)}  {shown}");
        }
        return text.ToString();
    }

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
