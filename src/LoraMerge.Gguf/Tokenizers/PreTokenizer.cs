using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LoraMerge.Gguf.Layout;

namespace LoraMerge.Gguf.Tokenizers;

/// <summary>How a byte-level tokenizer splits a text before it merges, by the names that llama.cpp has for the ways it knows.</summary>
/// <remarks>
/// llama.cpp's own script tells them by the tokens of a fixed text, which depend on the vocabulary. Here the parts of <c>pre_tokenizer</c> decide, with SHA-256 over the expressions of its splits,
/// one after the other; whatever is not known so is refused.
/// </remarks>
internal static class PreTokenizer
{
    private const string Splits = "splits, bytes";
    private const string SplitsAndDigits = "splits, digits, bytes";

    /// <summary>Parts, hash of the expressions, and the names that mean it, the first one for all who do not care. Hash and names as llama.cpp and Ollama have them.</summary>
    private static readonly ImmutableArray<(string Parts, string Hash, ImmutableArray<string> Names)> Known =
    [
        (Splits, "d98f9631be1e9607a9848c26c1f9eac1aa9fc21ac6ba82a2fc0741af9780a48f", ["dbrx", "llama-bpe", "glm4", "lfm2"]),
        (Splits, "1ff7f41064896984db5d1bb6ff64fa4bc29007d08c1b439e505b7392777a319e", ["qwen2", "stablelm2"]),
        (Splits, "00431aed57e696b747435f734d1e3b9b1bfd931a121fb5cac7129e97c181e9ba", ["qwen35"]),
        (Splits, "1d64a9a8eaf9f1bd80331984d81fdd514e7feafe8df83a525dd31472f275699a", ["tekken"]),
        (Splits, "2d1b8dc11e89af71459b36004f698ab3693f59fd84f63e8ec2b49564ab857420", ["gpt-4o"]),
        (Splits, "3e41884740914736a01647a8d1d6426e0e5aed47b7fdb19dfb81d31e3653a502", ["deepseek-v3"]),
        (Splits, "3514fb081ddecbb09f701cf74ad68f55fa553632a9012bb0274487c20d79a475", ["minicpm5"]),
        (Splits, "03df5c5863ad70781dcfdef491ead25140f895fe8010964be0daefe27be32b02", ["deepseek-llm"]),
        (SplitsAndDigits, "03df5c5863ad70781dcfdef491ead25140f895fe8010964be0daefe27be32b02", ["deepseek-llm"]),
        (Splits, "21cde974d587f0d54dc8d56b183cc1e6239600172035c68fbd6d4b9f8da0576e", ["deepseek-coder"]),
        (SplitsAndDigits, "21cde974d587f0d54dc8d56b183cc1e6239600172035c68fbd6d4b9f8da0576e", ["deepseek-coder"]),
        ("bytes by GPT-2's expression", HashOfNothing, ["gpt-2"]),
        ("digits, bytes by GPT-2's expression", HashOfNothing, ["smollm", "starcoder", "refact", "command-r"]),
        ("punctuation, bytes by GPT-2's expression, groups of digits, splits", "163dd89509292f5cc3f0bcace529181dedb4482be045256aa20f52a1f78ac3d2", ["falcon"]),
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
        string parts = string.Join(", ", all.Select(Describe).Aggregate(ImmutableList<string>.Empty, (list, part) => list.LastOrDefault() == part ? list : list.Add(part)));
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(all.Where(part => part.Text("type") == "Split").Select(Expression)))));
        ImmutableArray<string> names = Known.FirstOrDefault(known => known.Parts == parts && known.Hash == hash).Names;
        if (names.IsDefault)
            throw LayoutErrors.PreTokenizerUnknown(BytePairModel.FileName, parts.Length == 0 ? "it does not split" : parts, hash);
        if (preferred is not null && names.Contains(preferred))
            return preferred;
        return ignoresMerges && names.Contains("llama-bpe") ? "llama-bpe" : names[0];
    }

    private static IEnumerable<JsonElement> Flatten(JsonElement? part) => part is not { } one ? []
        : one.Text("type") == "Sequence" ? one.List("pretokenizers").SelectMany(inner => Flatten(inner))
        : [one];

    private static string Describe(JsonElement part) => part.Text("type") switch
    {
        "Split" when IsPlain(part) => "splits",
        "ByteLevel" when part.Flag("add_prefix_space") != true => part.Flag("use_regex") ?? true ? "bytes by GPT-2's expression" : "bytes",
        "Digits" => part.Flag("individual_digits") ?? false ? "digits" : "groups of digits",
        "Punctuation" when (part.Text("behavior") ?? "Isolated") is "Isolated" or "Contiguous" => "punctuation",
        _ => part.GetRawText(),
    };

    /// <summary>Each match is a piece: written as isolating the matches, or as removing what is none.</summary>
    private static bool IsPlain(JsonElement split) => Expression(split) is not null
        && (split.Text("behavior"), split.Flag("invert") ?? false) is ("Isolated", false) or ("Removed", true);

    private static string? Expression(JsonElement split) => split.Field("pattern")?.Text("Regex");
}
