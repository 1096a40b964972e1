using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Diagnostics;

namespace LoraMerge.Beside;

/// <summary>The largest number that the tokenizer of a merged model gives to a token, where an adapter brought a part of it.</summary>
internal static class TokenNumbers
{
    /// <summary>The largest real ones have some 10 megabytes.</summary>
    private const int LongestVocabulary = 32 << 20;

    private static readonly string[] Files = ["tokenizer_config.json", "added_tokens.json", TokenizerJson.FileName, "vocab.json"];

    /// <returns>The number and the adapter; null where the tokenizer is the base's alone, or has no numbers that are read.</returns>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2003, LORA2045.</exception>
    public static (long Id, Adapter Adapter)? Largest(ImmutableArray<SideFile> sideFiles)
    {
        SideFile[] files = [.. sideFiles.Where(file => Files.Contains(file.RelativePath))];
        Adapter? adapter = files.Select(file => file.Adapter).LastOrDefault(adapter => adapter is not null);
        long largest = adapter is null ? -1 : files.Select(LargestIn).DefaultIfEmpty(-1).Max();
        return adapter is null || largest < 0 ? null : (largest, adapter);
    }

    private static long LargestIn(SideFile file) => file.RelativePath == TokenizerJson.FileName
        ? TokenizerJson.TryRead(file.Source)?.LargestId ?? -1
        : JsonSideFile.TryRead(file.Source, LongestVocabulary) is not { } json ? -1
        : file.RelativePath == "tokenizer_config.json"
            ? (json["added_tokens_decoder"] as JsonObject ?? []).Select(pair => long.TryParse(pair.Key, NumberStyles.None, CultureInfo.InvariantCulture, out long id) ? id : -1).DefaultIfEmpty(-1).Max()
            : json.Select(pair => pair.Value is JsonValue value && value.TryGetValue(out long id) ? id : -1).DefaultIfEmpty(-1).Max();
}
