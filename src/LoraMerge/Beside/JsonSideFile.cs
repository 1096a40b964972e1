using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Beside;

/// <summary>Reads JSON files that go beside the weights. What is no JSON goes along as it is: it is no fault of a merge.</summary>
internal static class JsonSideFile
{
    /// <param name="file">Where it comes from; null for none.</param>
    /// <param name="longest">The most bytes that it may have.</param>
    /// <returns>Null where the file is none, or no JSON object.</returns>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2003, LORA2045.</exception>
    public static JsonObject? TryRead(SideSource? file, int longest = JsonFile.LongestConfig)
    {
        if (file is null)
            return null;
        try
        {
            return file.Content is byte[] content ? JsonNode.Parse(content) as JsonObject : JsonFile.Read(file.Path, longest);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A text field; null where there is none.</summary>
    public static string? Text(this JsonObject json, string name) => json[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
