using System.Collections.Immutable;
using System.Text.Json;
using LoraMerge.Gguf.Faults;

namespace LoraMerge.Gguf.Tokenizers;

/// <summary>The model of a tokenizer.json: tokens with their numbers, and the merges that make longer ones of shorter ones.</summary>
/// <param name="Vocabulary">Text and number of each token.</param>
/// <param name="Merges">In the order in which they are tried.</param>
/// <param name="IgnoresMerges">Whether a word that is a token is taken as it is.</param>
/// <param name="HasByteFallback">Whether a character without a token becomes its bytes: a SentencePiece vocabulary.</param>
/// <param name="Unknown">Text of the token for what is unknown.</param>
internal sealed record BytePairModel(
    ImmutableArray<(string Text, long Id)> Vocabulary, ImmutableArray<BytePairMerge> Merges,
    bool IgnoresMerges, bool HasByteFallback, string? Unknown)
{
    public const string FileName = "tokenizer.json";

    /// <exception cref="GgufLayoutException">TokenizerInvalid, TokenizerNotSayable.</exception>
    public static BytePairModel Read(TokenizerFile tokenizer)
    {
        JsonElement model = tokenizer.Json.Field("model") ?? throw Invalid("it has no \"model\"");
        string? type = model.Text("type");
        if ((type ?? "BPE") != "BPE")
            throw LayoutErrors.TokenizerNotSayable(FileName, $"is of the kind {type}, where byte pairs (BPE) are expected of this architecture");
        foreach (string field in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (!string.IsNullOrEmpty(model.Text(field)))
                throw LayoutErrors.TokenizerNotSayable(FileName, $"has a \"{field}\", for which GGUF has no word");
        }

        if (tokenizer.TokenFault is not null)
            throw tokenizer.TokenFault;
        if (tokenizer.Tokens.IsEmpty)
            throw Invalid("it has no vocabulary");
        if (tokenizer.MergeFault is not null)
            throw tokenizer.MergeFault;
        if (tokenizer.Merges.IsEmpty)
            throw Invalid("it has no merges, without which no reader takes it");
        return new BytePairModel(
            tokenizer.Tokens, tokenizer.Merges, model.Flag("ignore_merges") ?? false, model.Flag("byte_fallback") ?? false, model.Text("unk_token"));
    }

    private static GgufLayoutException Invalid(string reason) => LayoutErrors.TokenizerInvalid(FileName, reason);
}
