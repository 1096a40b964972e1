using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Diagnostics;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Beside;

/// <summary>The numbers that tokenizers give to tokens.</summary>
internal static class TokenNumbers
{
    /// <summary>The largest real ones have some 10 megabytes.</summary>
    private const int LongestVocabulary = 32 << 20;

    private static readonly string[] Files = ["tokenizer_config.json", "added_tokens.json", TokenizerJson.FileName, "vocab.json"];

    /// <summary>The largest one of a merged model, where an adapter brought a part of its tokenizer.</summary>
    /// <returns>The number and the adapter; null where the tokenizer is the base's alone, or has no numbers that are read.</returns>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2003, LORA2045.</exception>
    public static (long Id, Adapter Adapter)? Largest(ImmutableArray<SideFile> sideFiles)
    {
        SideFile[] files = [.. sideFiles.Where(file => Files.Contains(file.RelativePath))];
        Adapter? adapter = files.Select(file => file.Adapter).LastOrDefault(adapter => adapter is not null);
        long largest = adapter is null ? -1 : files.Select(LargestIn).DefaultIfEmpty(-1).Max();
        return adapter is null || largest < 0 ? null : (largest, adapter);
    }

    /// <summary>The one of a token of a tokenizer.json, of its vocabulary or added; null where it has none.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2045.</exception>
    public static long? Of(string token, SideSource file)
    {
        try
        {
            return file.Read(TokenizerJson.Longest, stream => Of(token, stream));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static long? Of(string token, Stream stream)
    {
        var json = new JsonStream(stream);
        ref Utf8JsonReader reader = ref json.Reader;
        var path = new TokenizerPath();
        (long? id, bool isToken, long listed) = (null, false, -1);
        while (json.Read())
        {
            path.Step(ref json);
            if (path.Section == "added_tokens" && reader.TokenType == JsonTokenType.StartObject)
                (id, isToken) = (null, false);
            else if (path.Section == "added_tokens" && reader.TokenType == JsonTokenType.PropertyName && path.Depth == TokenizerPath.DepthOfToken)
            {
                bool isId = reader.ValueTextEquals("id"), isContent = reader.ValueTextEquals("content");
                json.Read();
                path.Step(ref json);
                id = isId && reader.TryGetInt64(out long number) ? number : id;
                isToken |= isContent && reader.ValueTextEquals(token);
            }
            else if (path.Field == "vocab" && path.Depth == TokenizerPath.DepthOfToken
                && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(token))
                return json.Read() && reader.TryGetInt64(out long number) ? number : null;
            else if (path.Field == "vocab" && path.Depth == TokenizerPath.DepthOfToken + 1 && reader.TokenType == JsonTokenType.StartArray)
            {
                listed++;
                if (json.Read() && reader.ValueTextEquals(token))
                    return listed;
            }
            if (isToken && id is not null)
                return id;
        }
        return null;
    }

    private static long LargestIn(SideFile file)
    {
        if (file.RelativePath == TokenizerJson.FileName)
            return TokenizerJson.TryRead(file.Bytes)?.LargestId ?? -1;
        if (JsonSideFile.TryRead(file.Bytes, LongestVocabulary) is not { } json)
            return -1;
        IEnumerable<long> numbers = file.RelativePath == "tokenizer_config.json"
            ? (json["added_tokens_decoder"] as JsonObject ?? [])
                .Select(pair => long.TryParse(pair.Key, NumberStyles.None, CultureInfo.InvariantCulture, out long id) ? id : -1)
            : json.Select(pair => pair.Value is JsonValue value && value.TryGetValue(out long id) ? id : -1);
        return numbers.DefaultIfEmpty(-1).Max();
    }
}
