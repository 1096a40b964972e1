using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using LoraMerge.Diagnostics;

namespace LoraMerge.Checkpoints;

/// <summary>
/// JSON files as the field writes them: UTF-8, with or without a byte order mark, an object at the top; with Python's words for what is no number.
/// </summary>
internal static class JsonFile
{
    /// <summary>The longest configuration; the largest real ones have some hundred kilobytes.</summary>
    public const int LongestConfig = 8 << 20;

    /// <summary>The longest index of a model's files; the largest real ones have some ten megabytes.</summary>
    public const int LongestIndex = 32 << 20;

    /// <summary>The longest lora-merge.json, which has some lines for each tensor.</summary>
    public const int LongestManifest = 256 << 20;

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        IndentSize = 2,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <param name="file">Its path.</param>
    /// <param name="longest">The most bytes that it may have; what it becomes in memory is several times as much.</param>
    /// <exception cref="JsonException">The text is not JSON, has a name twice, or is no object. The message tells the line.</exception>
    /// <exception cref="LoraMergeException">LORA1110: the file cannot be read. LORA1112: it is none. LORA2003: it is a git LFS pointer. LORA2045: it is too
    /// large.</exception>
    public static JsonObject Read(string file, int longest)
    {
        ReadOnlySpan<byte> bytes = ReadBytes(file, longest);
        LfsPointer.ThrowIfStartOf(file, bytes, bytes.Length);
        bytes = Utf8Of(bytes);
        JsonNode? node;
        try
        {
            ReadOnlySpan<byte> json = NotANumber.ToJson(bytes);
            node = JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
            ThrowIfNotUnicode(json);
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
    public static string TextOf(JsonNode node)
    {
        const int longest = 200;
        string text = Encoding.UTF8.GetString(NotANumber.FromJson(Encoding.UTF8.GetBytes(node.ToJsonString())));
        return text.Length <= longest ? text : text[..longest] + "...";
    }

    /// <summary>A text without the mark that editors, mostly on Windows, put before one.</summary>
    /// <exception cref="JsonException">It is UTF-16.</exception>
    public static ReadOnlySpan<byte> Utf8Of(ReadOnlySpan<byte> text) => TextMark.IsOfUtf16(text)
        ? throw new JsonException("its text is UTF-16, but UTF-8 is expected")
        : TextMark.Without(text);

    /// <summary>All bytes of a file that is no longer than it may be.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2045.</exception>
    public static byte[] ReadBytes(string file, int longest)
    {
        try
        {
            using FileStream stream = OpenRead(file, longest);
            byte[] bytes = new byte[stream.Length];
            int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length == bytes.Length ? bytes : bytes[..length];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(file, e);
        }
    }

    /// <summary>A file that is no longer than it may be, to be read piece by piece.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="LoraMergeException">LORA1112, LORA2045.</exception>
    public static FileStream OpenRead(string file, int longest)
    {
        SpecialFile.ThrowIf(file);
        FileStream stream = File.OpenRead(file);
        if (stream.Length <= longest)
            return stream;
        using (stream)
            throw Errors.JsonTooLarge(file, stream.Length, longest);
    }

    /// <summary>The parser decodes texts only when they are asked for, which would be too late to name the file.</summary>
    /// <exception cref="InvalidOperationException">A text is none.</exception>
    private static void ThrowIfNotUnicode(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
            throw new InvalidOperationException("The bytes are no UTF-8.");
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                reader.GetString();
        }
    }
}
