using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Gguf.Faults;

namespace LoraMerge.Gguf.Tokenizers;

/// <summary>How a byte-level tokenizer splits a text before it merges, by the names that llama.cpp has for the ways it knows.</summary>
/// <remarks>
/// llama.cpp's own script tells them by the tokens of a fixed text, which depend on the vocabulary. Here the parts of <c>pre_tokenizer</c> decide,
/// with SHA-256 over the expressions of its splits, one after the other; whatever is not known so is refused.
/// </remarks>
internal static class PreTokenizer
{
    private const string Splits = "splits, bytes";
    private const string SplitsAndDigits = "splits, digits, bytes";
    private const string Bytes = "bytes by GPT-2's expression";
    private const string DigitsAndBytes = "digits, bytes by GPT-2's expression";

    /// <summary>A way to split: its parts, the hash of its expressions, and the names that mean it, the first one for all who do not care.</summary>
    private sealed record Way(string Parts, string Hash, ImmutableArray<string> Names)
    {
        /// <summary>The expressions themselves, where they are known.</summary>
        public ImmutableArray<string> Expressions { get; init; } = [];
    }

    /// <summary>Hashes and names as llama.cpp and Ollama have them.</summary>
    private static readonly ImmutableArray<Way> Known =
    [
        new(Splits, "d98f9631be1e9607a9848c26c1f9eac1aa9fc21ac6ba82a2fc0741af9780a48f",
            ["dbrx", "llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "lfm2", "glm4", "chatglm-bpe", "smaug-bpe"])
        {
            Expressions = [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"],
        },
        new(Splits, "1ff7f41064896984db5d1bb6ff64fa4bc29007d08c1b439e505b7392777a319e", ["qwen2", "stablelm2", "deepseek-r1-qwen", "megrez", "hunyuan"])
        {
            Expressions = [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"],
        },
        new(Splits, "1d64a9a8eaf9f1bd80331984d81fdd514e7feafe8df83a525dd31472f275699a", ["tekken"])
        {
            Expressions =
            [
                @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
                + @"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
                + @"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            ],
        },
        new(Splits, "2d1b8dc11e89af71459b36004f698ab3693f59fd84f63e8ec2b49564ab857420", ["gpt-4o", "llama4", "kanana2"])
        {
            Expressions =
            [
                @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
                + @"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
                + @"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            ],
        },
        new(Splits, "3e41884740914736a01647a8d1d6426e0e5aed47b7fdb19dfb81d31e3653a502", ["deepseek-v3", "joyai-llm", "hunyuan-dense"]),
        new(Splits, "00431aed57e696b747435f734d1e3b9b1bfd931a121fb5cac7129e97c181e9ba", ["qwen35"]),
        new(Splits, "3514fb081ddecbb09f701cf74ad68f55fa553632a9012bb0274487c20d79a475", ["minicpm5"]),
        new(Splits, "03df5c5863ad70781dcfdef491ead25140f895fe8010964be0daefe27be32b02", ["deepseek-llm"]),
        new(SplitsAndDigits, "03df5c5863ad70781dcfdef491ead25140f895fe8010964be0daefe27be32b02", ["deepseek-llm"]),
        new(Splits, "21cde974d587f0d54dc8d56b183cc1e6239600172035c68fbd6d4b9f8da0576e", ["deepseek-coder"]),
        new(SplitsAndDigits, "21cde974d587f0d54dc8d56b183cc1e6239600172035c68fbd6d4b9f8da0576e", ["deepseek-coder"]),
        new(Bytes, HashOfNothing, ["gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "roberta-bpe", "exaone4", "mellum", "gigachat"]),
        new(DigitsAndBytes, HashOfNothing, ["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"]),
        new("punctuation, bytes by GPT-2's expression, groups of digits, splits", "163dd89509292f5cc3f0bcace529181dedb4482be045256aa20f52a1f78ac3d2",
            ["falcon"]),
    ];

    private const string HashOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// <summary>The name of a tokenizer's way to split.</summary>
    /// <param name="tokenizer">tokenizer.json.</param>
    /// <param name="ignoresMerges">Whether a word that is a token is taken as it is.</param>
    /// <param name="preferred">The name that the architecture has for it, where it has several.</param>
    /// <exception cref="GgufLayoutException">PreTokenizerUnknown.</exception>
    public static string NameOf(JsonElement tokenizer, bool ignoresMerges, string? preferred)
    {
        JsonElement[] all = [.. Flatten(tokenizer.Field("pre_tokenizer"))];
        string parts = string.Join(
            ", ", all.Select(Describe).Aggregate(ImmutableList<string>.Empty, (list, part) => list.LastOrDefault() == part ? list : list.Add(part)));
        string hash = Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(all.Where(part => part.Text("type") == "Split").Select(Expression)))));
        ImmutableArray<string> names = Known.FirstOrDefault(known => known.Parts == parts && known.Hash == hash)?.Names
            ?? throw LayoutErrors.PreTokenizerUnknown(BytePairModel.FileName, parts.Length == 0 ? "it does not split" : parts, hash);
        if (preferred is not null && names.Contains(preferred))
            return preferred;
        return ignoresMerges && names.Contains("llama-bpe") ? "llama-bpe" : names[0];
    }

    /// <summary>What a name means, as tokenizer.json has it; null where the expressions are not known.</summary>
    public static JsonNode? JsonOf(string name)
    {
        if (Known.FirstOrDefault(known => known.Names.Contains(name)) is not { } way)
            return null;
        bool isByExpressions = way.Parts == Splits;
        JsonObject[] splits = [.. way.Expressions.Select(expression => new JsonObject
        {
            ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = expression }, ["behavior"] = "Isolated", ["invert"] = false,
        })];
        var bytes = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = !isByExpressions };
        return way.Parts switch
        {
            Bytes => bytes,
            DigitsAndBytes => Sequence(new JsonObject { ["type"] = "Digits", ["individual_digits"] = true }, bytes),
            Splits when splits.Length > 0 => Sequence([.. splits, bytes]),
            _ => null,
        };
    }

    private static JsonObject Sequence(params JsonNode[] parts) => new() { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(parts) };

    private static IEnumerable<JsonElement> Flatten(JsonElement? part) => part is not { } one ? []
        : one.Text("type") == "Sequence" ? one.List("pretokenizers").SelectMany(inner => Flatten(inner))
        : [one];

    private static string Describe(JsonElement part) => part.Text("type") switch
    {
        "Split" when IsPlain(part) => "splits",
        "ByteLevel" when part.Flag("add_prefix_space") != true => part.Flag("use_regex") ?? true ? Bytes : "bytes",
        "Digits" => part.Flag("individual_digits") ?? false ? "digits" : "groups of digits",
        "Punctuation" when (part.Text("behavior") ?? "Isolated") is "Isolated" or "Contiguous" => "punctuation",
        _ => part.GetRawText(),
    };

    /// <summary>Each match is a piece: written as isolating the matches, or as removing what is none.</summary>
    private static bool IsPlain(JsonElement split) => Expression(split) is not null
        && (split.Text("behavior"), split.Flag("invert") ?? false) is ("Isolated", false) or ("Removed", true);

    private static string? Expression(JsonElement split) => split.Field("pattern")?.Text("Regex");
}
