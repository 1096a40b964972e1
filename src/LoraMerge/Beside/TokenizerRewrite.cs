using System.Text.Encodings.Web;
using System.Text.Json;
using LoraMerge.Diagnostics;

namespace LoraMerge.Beside;

/// <summary>Writes a tokenizer.json again, token by token, in a form that older readers know.</summary>
internal static class TokenizerRewrite
{
    private static readonly JsonWriterOptions s_form = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The file in a form that all readers know.</summary>
    /// <param name="file">Where it comes from.</param>
    /// <param name="mergesAreTexts">Whether merges in lists become texts.</param>
    /// <param name="hasLimits">Whether truncation and padding stay.</param>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2045.</exception>
    public static byte[] Of(SideSource file, bool mergesAreTexts, bool hasLimits)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, s_form))
        {
            var reader = new Utf8JsonReader(TokenizerJson.BytesOf(file));
            Copy(ref reader, writer, mergesAreTexts, hasLimits);
        }
        return stream.ToArray();
    }

    /// <summary>Reads the rest of a merge that is a list.</summary>
    public static string[] PartsOfMerge(ref Utf8JsonReader reader, TokenizerPath path)
    {
        var parts = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            parts.Add(reader.GetString()!);
        path.Step(ref reader);
        return [.. parts];
    }

    private static void Copy(ref Utf8JsonReader reader, Utf8JsonWriter writer, bool mergesAreTexts, bool hasLimits)
    {
        var path = new TokenizerPath();
        while (reader.Read())
        {
            path.Step(ref reader);
            if (!hasLimits && path.Depth == 1 && reader.TokenType == JsonTokenType.PropertyName && TokenizerJson.Limits.Contains(path.Section))
            {
                writer.WriteNull(path.Section!);
                reader.Skip();
                continue;
            }
            if (mergesAreTexts && path.IsMerges && reader.TokenType == JsonTokenType.StartArray && path.Depth == TokenizerPath.DepthOfMerge)
            {
                writer.WriteStringValue(string.Join(' ', PartsOfMerge(ref reader, path)));
                continue;
            }
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    writer.WriteStartObject();
                    break;
                case JsonTokenType.EndObject:
                    writer.WriteEndObject();
                    break;
                case JsonTokenType.StartArray:
                    writer.WriteStartArray();
                    break;
                case JsonTokenType.EndArray:
                    writer.WriteEndArray();
                    break;
                case JsonTokenType.PropertyName:
                    writer.WritePropertyName(reader.GetString()!);
                    break;
                case JsonTokenType.String:
                    writer.WriteStringValue(reader.GetString());
                    break;
                default:
                    writer.WriteRawValue(reader.ValueSpan, skipInputValidation: true);
                    break;
            }
        }
    }
}
