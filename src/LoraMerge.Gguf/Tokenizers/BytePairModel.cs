using System.Collections.Immutable;
using System.Text.Json;
using LoraMerge.Gguf.Faults;

namespace LoraMerge.Gguf.Tokenizers;

/// <summary>The model of a tokenizer.json: tokens with their numbers, and the merges that make longer ones of shorter ones.</summary>
/// <param name="Vocabulary">Text and number of each token.</param>
/// <param name="Merges">Left and right part, in the order in which they are tried.</param>
/// <param name="IgnoresMerges">Whether a word that is a token is taken as it is.</param>
/// <param name="HasByteFallback">Whether a character without a token becomes its bytes: a SentencePiece vocabulary.</param>
/// <param name="Unknown">Text of the token for what is unknown.</param>
internal sealed record BytePairModel(
    ImmutableArray<(string Text, long Id)> Vocabulary, ImmutableArray<(string Left, string Right)> Merges,
    bool IgnoresMerges, bool HasByteFallback, string? Unknown)
{
    public const string FileName = "tokenizer.json";

    /// <exception cref="GgufLayoutException">TokenizerInvalid, TokenizerNotSayable.</exception>
    public static BytePairModel Read(JsonElement tokenizer)
    {
        JsonElement model = tokenizer.Field("model") ?? throw Invalid("it has no \"model\"");
        string? type = model.Text("type");
        if ((type ?? "BPE") != "BPE")
            throw LayoutErrors.TokenizerNotSayable(FileName, $"is of the kind {type}, where byte pairs (BPE) are expected of this architecture");
        foreach (string field in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (!string.IsNullOrEmpty(model.Text(field)))
                throw LayoutErrors.TokenizerNotSayable(FileName, $"has a \"{field}\", for which GGUF has no word");
        }

        var read = new BytePairModel(
            ReadVocabulary(model),
            [.. model.List("merges").Select(ReadMerge)],
            model.Flag("ignore_merges") ?? false,
            model.Flag("byte_fallback") ?? false,
            model.Text("unk_token"));
        return read.Merges.IsEmpty ? throw Invalid("it has no merges, without which no reader takes it") : read;
    }

    private static ImmutableArray<(string, long)> ReadVocabulary(JsonElement model)
    {
        var vocabulary = ImmutableArray.CreateBuilder<(string, long)>();
        var ids = new HashSet<long>();
        foreach (JsonProperty token in model.Properties("vocab"))
        {
            if (token.Value.ValueKind != JsonValueKind.Number || !token.Value.TryGetInt64(out long id) || id < 0)
                throw Invalid($"token '{token.Name}' has no number");
            if (!ids.Add(id))
                throw Invalid(FormattableString.Invariant($"two tokens have the number {id}"));
            vocabulary.Add((token.Name, id));
        }

        return vocabulary.Count > 0 ? vocabulary.DrainToImmutable() : throw Invalid("it has no vocabulary");
    }

    /// <summary>Older files write <c>left right</c>, newer ones a pair, in which a part may hold a blank.</summary>
    private static (string, string) ReadMerge(JsonElement merge)
    {
        if (merge.ValueKind == JsonValueKind.String && merge.GetString()!.Split(' ') is [string left, string right])
            return (left, right);
        if (merge.ValueKind == JsonValueKind.Array
            && merge.GetArrayLength() == 2
            && merge[0].ValueKind == JsonValueKind.String
            && merge[1].ValueKind == JsonValueKind.String)
            return (merge[0].GetString()!, merge[1].GetString()!);
        throw Invalid($"a merge is {merge.GetRawText()[..Math.Min(merge.GetRawText().Length, 60)]} instead of two parts");
    }

    private static GgufLayoutException Invalid(string reason) => LayoutErrors.TokenizerInvalid(FileName, reason);
}
