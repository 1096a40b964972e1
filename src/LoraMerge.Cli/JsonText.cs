using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LoraMerge.Cli;

/// <summary>JSON as all commands print it: indented, the same on every system, with a line's end behind it.</summary>
internal static class JsonText
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, NewLine = "\n" };

    public static Option<bool> Option() => new("--json") { Description = "As JSON." };

    public static string Of(JsonNode json) => json.ToJsonString(s_indented) + "\n";
}
