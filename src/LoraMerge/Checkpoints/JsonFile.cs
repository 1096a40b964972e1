using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LoraMerge.Checkpoints;

/// <summary>JSON files as the field writes them: UTF-8, with or without a byte order mark, an object at the top.</summary>
internal static class JsonFile
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        IndentSize = 2,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <exception cref="JsonException">The text is not JSON, has a name twice, or is no object. The message tells the line.</exception>
    public static JsonObject Read(string file)
    {
        ReadOnlySpan<byte> bytes = File.ReadAllBytes(file);
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
            bytes = bytes[3..];
        JsonNode? node;
        try
        {
            node = JsonNode.Parse(bytes, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException) when (bytes.IndexOf("NaN"u8) >= 0 || bytes.IndexOf("Infinity"u8) >= 0)
        {
            throw new JsonException("it holds NaN or Infinity, which are not JSON");
        }
        catch (JsonException e)
        {
            // Counted from 1, as editors do, in place of the reader's own counting from 0.
            int detail = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            string reason = detail < 0 ? e.Message : e.Message[..detail];
            throw new JsonException(string.Create(CultureInfo.InvariantCulture, $"line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}: {reason}"), e);
        }
        return node as JsonObject ?? throw new JsonException("there is no object at its top");
    }

    public static byte[] ToBytes(JsonObject json) => [.. JsonSerializer.SerializeToUtf8Bytes(json, Indented), (byte)'\n'];
}
