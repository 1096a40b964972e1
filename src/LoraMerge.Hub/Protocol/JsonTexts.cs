using System.Text.Json;

namespace LoraMerge.Hub.Protocol;

/// <summary>Texts of JSON from outside.</summary>
internal static class JsonTexts
{
    /// <summary>
    /// The text of a member; null where there is none, or what stands there is no text, such as half of a surrogate pair: JSON takes one, .NET does not.
    /// </summary>
    public static string? Find(JsonElement json, string name)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty(name, out JsonElement value) || value.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
