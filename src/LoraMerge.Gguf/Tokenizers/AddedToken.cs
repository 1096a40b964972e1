using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace LoraMerge.Gguf.Tokenizers;

/// <summary>A token that was added to a vocabulary.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Text">As the file has it.</param>
/// <param name="IsSpecial">Whether the file calls it special.</param>
internal sealed record AddedToken(long Id, string Text, bool IsSpecial)
{
    /// <summary>Those of <c>added_tokens</c> in tokenizer.json.</summary>
    public static ImmutableArray<AddedToken> OfTokenizer(JsonElement? json) => json is not { } tokenizer ? [] :
    [
        .. tokenizer.List("added_tokens")
            .Where(token => token.Number("id") is >= 0 && token.Text("content") is not null)
            .Select(token => new AddedToken(token.Number("id")!.Value, token.Text("content")!, token.Flag("special") ?? false)),
    ];

    /// <summary>Those of <c>added_tokens_decoder</c> in tokenizer_config.json.</summary>
    public static ImmutableArray<AddedToken> OfConfig(JsonElement? json) => json is not { } config ? [] :
    [
        .. config.Properties("added_tokens_decoder")
            .Where(token => IdOf(token.Name) is not null && token.Value.Text("content") is not null)
            .Select(token => new AddedToken(IdOf(token.Name)!.Value, token.Value.Text("content")!, token.Value.Flag("special") ?? false)),
    ];

    private static long? IdOf(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long id) ? id : null;
}
