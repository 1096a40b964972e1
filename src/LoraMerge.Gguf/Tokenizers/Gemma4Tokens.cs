using System.Collections.Immutable;
using System.Text.Json;
using LoraMerge.Gguf.Faults;

namespace LoraMerge.Gguf.Tokenizers;

/// <summary>Tokens of Gemma 4: byte pairs over a text whose blanks are marked, with bytes for characters without a token.</summary>
internal static class Gemma4Tokens
{
    /// <summary>Special tokens that readers show all the same, since they parse answers by them.</summary>
    private static readonly ImmutableHashSet<string> s_shown =
        ["<|channel>", "<channel|>", "<|tool_call>", "<tool_call|>", "<|tool_response>", "<tool_response|>", "<|\"|>"];

    /// <summary>Lays all tokens. Those of the vocabulary that were added once more are as they are without that, unless they are special.</summary>
    /// <param name="tokens">Where they go.</param>
    /// <param name="model">The vocabulary.</param>
    /// <param name="added">Further tokens, perhaps behind it.</param>
    /// <param name="special">Texts of special tokens.</param>
    public static void Lay(TokenList tokens, BytePairModel model, ImmutableArray<AddedToken> added, ImmutableHashSet<string> special)
    {
        foreach ((string text, long id) in model.Vocabulary)
            Set(text, id, TokenList.IsByte(text) ? TokenType.Byte : TokenType.Normal);
        foreach (AddedToken token in added)
        {
            tokens.ThrowIfBeyond(BytePairModel.FileName, token.Id, token.Text);
            if (tokens.IsUnused(token.Id))
                Set(token.Text, token.Id, TokenType.UserDefined);
        }

        void Set(string text, long id, TokenType type)
        {
            tokens.ThrowIfBeyond(BytePairModel.FileName, id, text);
            TokenType kind = s_shown.Contains(text) ? TokenType.UserDefined : special.Contains(text) && type != TokenType.Byte ? TokenType.Control : type;
            tokens.Set(id, text, kind, TokenList.AddedScore);
        }
    }

    /// <exception cref="GgufLayoutException">TokenizerNotSayable: readers mark blanks and take bytes, whatever the file says.</exception>
    public static void ThrowIfOther(BytePairModel model, JsonElement tokenizer)
    {
        if (!model.HasByteFallback)
            throw LayoutErrors.TokenizerNotSayable(
                BytePairModel.FileName, "has no bytes for characters without a token, which readers of GGUF's 'gemma4' take");
        JsonElement[] changes = tokenizer.Field("normalizer") is not { } normaliser ? []
            : normaliser.Text("type") == "Sequence" ? [.. normaliser.List("normalizers")]
            : [normaliser];
        if (changes is not [{ } only] || only.Text("type") != "Replace" || only.Field("pattern")?.Text("String") != " " || only.Text("content") != "\u2581")
            throw LayoutErrors.TokenizerNotSayable(
                BytePairModel.FileName, "does something else with a text than to mark its blanks, which is what readers of GGUF's 'gemma4' do");
    }
}
