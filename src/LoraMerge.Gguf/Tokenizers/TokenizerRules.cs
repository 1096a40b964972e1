using System.Collections.Immutable;

namespace LoraMerge.Gguf.Tokenizers;

/// <summary>What a family of models decides about its tokenizer beyond the files.</summary>
internal sealed record TokenizerRules
{
    public static TokenizerRules Default { get; } = new();

    /// <summary>Whether a blank goes before a text, whatever the files say; null where they decide.</summary>
    public bool? SpacePrefix { get; init; }

    /// <summary>Whether <c>add_prefix_space</c> of tokenizer_config.json is told to readers.</summary>
    public bool SaysSpacePrefix { get; init; }

    /// <summary>Whether added tokens of tokenizer.json lie over those of the other files, by their own word whether they are special, and unchanged.</summary>
    public bool TakesAddedTokensOfJson { get; init; }

    /// <summary>The number of the token that ends a turn, which readers are told.</summary>
    public int? EndOfTurn { get; init; }

    /// <summary>Whether the begin of a text is added where no file says it; null where readers are told nothing.</summary>
    public bool? AddsBegin { get; init; }

    /// <summary>Whether byte pairs with blanks as they are and bytes for the rest are written in the way of Gemma 4.</summary>
    public bool IsOfGemma4 { get; init; }

    /// <summary>The name for a pre-tokenizer that has several.</summary>
    public string? PreTokenizer { get; init; }

    /// <summary>Special tokens by their text, where the files do not name them.</summary>
    public ImmutableArray<(string Kind, string Text)> SpecialTexts { get; init; } = [];
}
