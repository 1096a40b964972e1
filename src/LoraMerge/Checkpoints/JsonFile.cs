using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Diagnostics;

namespace LoraMerge.Checkpoints;

/// <summary>JSON files as the field writes them: UTF-8, with or without a byte order mark, an object at the top; with Python's words for what is no number.</summary>
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
    /// <exception cref="LoraMergeException">LORA1110: the file cannot be read. LORA1112: it is none. LORA2003: it is a git LFS pointer.</exception>
    public static JsonObject Read(string file)
    {
        ReadOnlySpan<byte> bytes = ReadBytes(file);
        LfsPointer.ThrowIfStartOf(file, bytes, bytes.Length);
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
            bytes = bytes[3..];
        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
            throw new JsonException("its text is UTF-16, but UTF-8 is expected");
        JsonNode? node;
        try
        {
            node = JsonNode.Parse(NotANumber.ToJson(bytes), documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
            ThrowIfNotUnicode(node);
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("a text in it is not Unicode", e);
        }
        catch (JsonException e)
        {
            // Counted from 1, as editors do, in place of the reader's own counting from 0.
            if (e.LineNumber is null)
                throw;
            int detail = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            string reason = detail < 0 ? e.Message : e.Message[..detail];
            throw new JsonException(string.Create(CultureInfo.InvariantCulture, $"line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}: {reason}"), e);
        }
        return node as JsonObject ?? throw new JsonException("there is no object at its top");
    }

    public static byte[] ToBytes(JsonObject json) => [.. NotANumber.FromJson(JsonSerializer.SerializeToUtf8Bytes(json, Indented)), (byte)'\n'];

    /// <summary>A value as its file has it, for messages.</summary>
    public static string TextOf(JsonNode node) => Encoding.UTF8.GetString(NotANumber.FromJson(Encoding.UTF8.GetBytes(node.ToJsonString())));

    private static byte[] ReadBytes(string file)
    {
        try
        {
            SpecialFile.ThrowIf(file);
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(file, e);
        }
    }

    /// <summary>The parser decodes texts only when they are asked for, which would be too late to name the file.</summary>
    private static void ThrowIfNotUnicode(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach ((string _, JsonNode? value) in fields)
                    ThrowIfNotUnicode(value);
                break;
            case JsonArray list:
                foreach (JsonNode? value in list)
                    ThrowIfNotUnicode(value);
                break;
            case JsonValue value:
                value.TryGetValue(out string? _);
                break;
        }
    }
}
