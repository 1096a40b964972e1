using System.Collections.Immutable;
using System.Text.Json;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Tokenizers;

/// <summary>Which tokens begin and end a text, and whether they are added to it.</summary>
/// <remarks>
/// The text of <c>bos_token</c> and so on in tokenizer_config.json, its number among the added tokens of tokenizer.json; only where that gives
/// nothing the number in config.json, unless it is a list there. Whether they are added: by the post-processor's template for single texts, over
/// which <c>add_bos_token</c> and <c>add_eos_token</c> go. A template that ends in another token than <c>eos_token</c> makes that one the end, and
/// the old one the end of a turn. As llama.cpp reads the files.
/// </remarks>
internal static class SpecialTokens
{
    private static readonly ImmutableArray<(string Kind, string Key)> Kinds =
    [
        ("bos", "bos_token_id"), ("eos", "eos_token_id"), ("unk", "unknown_token_id"), ("sep", "seperator_token_id"),
        ("pad", "padding_token_id"), ("mask", "mask_token_id"), ("eot", "eot_token_id"), ("eom", "eom_token_id"),
    ];

    /// <param name="metadata">Where the keys go.</param>
    /// <param name="tokens">All tokens.</param>
    /// <param name="tokenizer">tokenizer.json, where there is one.</param>
    /// <param name="tokenizerConfig">tokenizer_config.json, where there is one.</param>
    /// <param name="config">config.json.</param>
    /// <param name="rules">What the architecture adds.</param>
    public static void Describe(
        GgufMetadata metadata, TokenList tokens, JsonElement? tokenizer, JsonElement? tokenizerConfig, JsonElement config, TokenizerRules rules)
    {
        Dictionary<string, string> texts = TextsOf(tokenizerConfig);
        var isAdded = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (JsonElement processor in tokenizer is { } json ? Processors(json) : [])
            ReadProcessor(processor, texts, isAdded);
        foreach (string kind in (string[])["bos", "eos"])
        {
            if (tokenizerConfig?.Flag($"add_{kind}_token") is { } added)
                isAdded[kind] = added;
        }

        if (rules.AddsBegin is { } adds)
            isAdded.TryAdd("bos", adds);
        foreach ((string kind, string key) in Kinds)
        {
            if (IdOf(kind, tokens, texts, AddedToken.OfTokenizer(tokenizer), tokenizerConfig is not null, config, rules) is { } id)
                metadata.Add($"tokenizer.ggml.{key}", (uint)id);
        }

        foreach ((string kind, bool added) in isAdded)
            metadata.Add($"tokenizer.ggml.add_{kind}_token", added);
    }

    private static Dictionary<string, string> TextsOf(JsonElement? tokenizerConfig)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        if (tokenizerConfig is not { } config)
            return texts;
        foreach (string kind in (string[])["bos", "eos", "unk", "sep", "pad", "mask"])
        {
            if (config.SpecialToken($"{kind}_token") is { } text)
                texts[kind] = text;
        }

        if (config.SpecialToken("cls_token") is { } first)
            texts.TryAdd("bos", first);
        if (texts.TryGetValue("sep", out string? last))
            texts.TryAdd("eos", last);
        return texts;
    }

    private static IEnumerable<JsonElement> Processors(JsonElement tokenizer) => tokenizer.Field("post_processor") is not { } processor ? []
        : processor.Field("processors") is not null ? processor.List("processors")
        : [processor];

    private static void ReadProcessor(JsonElement processor, Dictionary<string, string> texts, Dictionary<string, bool> isAdded)
    {
        if (processor.Text("type") == "RobertaProcessing")
        {
            (isAdded["bos"], isAdded["eos"], isAdded["sep"]) = (true, true, true);
            if (processor.List("sep").FirstOrDefault() is { ValueKind: JsonValueKind.String } between)
                texts.TryAdd("sep", between.GetString()!);
            return;
        }

        JsonElement[] single = [.. processor.List("single")];
        if (processor.Text("type") != "TemplateProcessing" || single.Length < 2)
            return;
        if (TokenOf(single[0]) is { } first)
        {
            texts.TryAdd("bos", first);
            isAdded["bos"] = texts["bos"] == first;
        }

        if (TokenOf(single[^1]) is { } last)
        {
            if (texts.TryGetValue("eos", out string? end) && end != last)
                texts.TryAdd("eot", end);
            texts["eos"] = last;
            isAdded["eos"] = true;
        }
    }

    private static string? TokenOf(JsonElement item) => item.Field("SpecialToken")?.Text("id");

    private static long? IdOf(
        string kind, TokenList tokens, Dictionary<string, string> texts, ImmutableArray<AddedToken> added, bool hasConfig, JsonElement config,
        TokenizerRules rules)
    {
        long? id = hasConfig && texts.TryGetValue(kind, out string? text) ? added.FirstOrDefault(token => token.Text == text)?.Id : null;
        id ??= config.Number($"{kind}_token_id") ?? config.Field("text_config")?.Number($"{kind}_token_id");
        if (id is null && rules.SpecialTexts.FirstOrDefault(special => special.Kind == kind).Text is { } byRule)
            id = tokens.Find(byRule);
        if (id is null && kind == "eot")
            id = rules.EndOfTurn;
        return id is >= 0 && id < tokens.Count ? id : null;
    }
}
