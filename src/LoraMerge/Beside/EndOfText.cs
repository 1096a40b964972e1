using System.Globalization;
using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Beside;

/// <summary>
/// Lets a model stop where its adapter was trained to: tokenizers name the token that ends a text, and engines look for its number in generation_config.json.
/// </summary>
internal static class EndOfText
{
    private const string TokenizerConfig = "tokenizer_config.json";
    private const string GenerationConfig = "generation_config.json";
    private const string TokenField = "eos_token";
    private const string NumberField = "eos_token_id";

    /// <summary>Adds the number of the adapter's token to those of the base, where the adapter has another token.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2003, LORA2045.</exception>
    public static void Settle(Checkpoint checkpoint, SideFileSet files, ICollection<MergeEvent> notes)
    {
        if (files.AdapterOf(TokenizerConfig) is not Adapter adapter || files.AdapterOf(GenerationConfig) is not null)
            return;
        JsonObject? ofBase = JsonSideFile.TryRead(SideSource.Of(checkpoint.Files.FindBeside(TokenizerConfig)));
        if (files.Json(TokenizerConfig) is not { } config || TokenOf(config) is not string token || token == TokenOf(ofBase))
            return;
        if (NumberOf(token, config, files) is not long number)
            return;
        JsonObject? generation = files.Json(GenerationConfig);
        JsonNode? known = generation?[NumberField] ?? checkpoint.Config.Value(NumberField);
        if (NumbersIn(known).Contains(number))
            return;
        if (generation is null)
        {
            notes.Add(Notes.EndOfTextUnsaid(token, number, adapter.Path));
            return;
        }
        generation[NumberField] = new JsonArray([.. NumbersIn(known).Append(number).Select(other => (JsonNode)JsonValue.Create(other))]);
        files.Write(GenerationConfig, files.SourceOf(GenerationConfig)!, JsonFile.ToBytes(generation));
        notes.Add(Notes.EndOfTextAdded(token, number, adapter.Path));
    }

    private static string? TokenOf(JsonObject? config) =>
        config is null ? null : config.Text(TokenField) ?? (config[TokenField] as JsonObject)?.Text("content");

    private static long? NumberOf(string token, JsonObject config, SideFileSet files)
    {
        foreach ((string number, JsonNode? added) in config["added_tokens_decoder"] as JsonObject ?? [])
        {
            if ((added as JsonObject)?.Text("content") == token && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long id))
                return id;
        }
        return files.BytesOf(TokenizerJson.FileName) is SideSource tokenizer ? TokenNumbers.Of(token, tokenizer) : null;
    }

    private static long[] NumbersIn(JsonNode? value) =>
    [
        .. (value is JsonArray many ? many.ToArray() : [value]).OfType<JsonValue>()
            .Select(one => one.TryGetValue(out long number) ? number : -1).Where(number => number >= 0),
    ];
}
