using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using LoraMerge.Diagnostics;
using LoraMerge.Gguf.Tokenizers;

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
        return file.Read(TokenizerJson.Longest, stream =>
        {
            // Some fields become shorter, and what is indented otherwise longer: room for either, so that nothing is held twice.
            var bytes = new ArrayBufferWriter<byte>(checked((int)Math.Max(stream.Length + (stream.Length / 8), 1)));
            using (var writer = new Utf8JsonWriter(bytes, s_form))
                Copy(stream, writer, mergesAreTexts, hasLimits);
            return bytes.WrittenSpan.ToArray();
        });
    }

    /// <summary>Reads the rest of a merge that is a list.</summary>
    public static string[] PartsOfMerge(ref JsonStream json, TokenizerPath path)
    {
        var parts = new List<string>();
        while (json.Read() && json.Reader.TokenType != JsonTokenType.EndArray)
            parts.Add(json.Reader.GetString()!);
        path.Step(ref json);
        return [.. parts];
    }

    private static void Copy(Stream stream, Utf8JsonWriter writer, bool mergesAreTexts, bool hasLimits)
    {
        var json = new JsonStream(stream);
        var path = new TokenizerPath();
        while (json.Read())
        {
            path.Step(ref json);
            JsonTokenType type = json.Reader.TokenType;
            if (!hasLimits && path.Depth == 1 && type == JsonTokenType.PropertyName && TokenizerJson.Limits.Contains(path.Section))
            {
                writer.WriteNull(path.Section!);
                json.Read();
                json.Skip();
                continue;
            }
            if (mergesAreTexts && path.IsMerges && type == JsonTokenType.StartArray && path.Depth == TokenizerPath.DepthOfMerge)
            {
                writer.WriteStringValue(string.Join(' ', PartsOfMerge(ref json, path)));
                continue;
            }
            json.CopyTo(writer);
        }
    }
}
