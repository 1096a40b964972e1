using System.Globalization;
using LoraMerge.Gguf.Faults;

namespace LoraMerge.Gguf.Tokenizers;

/// <summary>The tokens of a file by their numbers, as many as the embedding has rows; a number without a token is <c>[PADn]</c>.</summary>
internal sealed class TokenList
{
    /// <summary>The score of a token that was added.</summary>
    public const float AddedScore = -1000;

    private const float UnusedScore = -10000;

    private readonly string?[] _texts;
    private readonly int[] _types;
    private readonly float[] _scores;

    /// <param name="count">Rows of the embedding.</param>
    public TokenList(long count)
    {
        _texts = new string?[checked((int)count)];
        _types = [.. Enumerable.Repeat((int)TokenType.Unused, _texts.Length)];
        _scores = [.. Enumerable.Repeat(UnusedScore, _texts.Length)];
    }

    public int Count => _texts.Length;

    /// <summary>All texts; those of numbers without a token are made here.</summary>
    public string[] Texts
    {
        get
        {
            for (int i = 0; i < _texts.Length; i++)
                _texts[i] ??= string.Create(CultureInfo.InvariantCulture, $"[PAD{i}]");
            return _texts!;
        }
    }

    public int[] Types => _types;

    public float[] Scores => _scores;

    public void Set(long id, string text, TokenType type, float score) => (_texts[id], _types[id], _scores[id]) = (text, (int)type, score);

    /// <summary>Adds a token of another file than the vocabulary.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="text">As the file has it.</param>
    /// <param name="isSpecial">Whether the file calls it special. One that looks so is taken for special too: many publishers forget to say it.</param>
    public void SetAdded(long id, string text, bool isSpecial)
    {
        if (isSpecial || LooksSpecial(text))
            Set(id, text, TokenType.Control, AddedScore);
        else
            Set(id, text.Replace('\u2581', ' '), TokenType.UserDefined, AddedScore);
    }

    /// <summary>Whether a number has no token yet.</summary>
    public bool IsUnused(long id) => _types[id] == (int)TokenType.Unused;

    /// <summary>The number of the token with this text.</summary>
    public int? Find(string text) => Array.IndexOf(Texts, text) is >= 0 and int index ? index : null;

    /// <summary>Whether a token is one byte of a character without a token.</summary>
    public static bool IsByte(string text) =>
        text.Length == 6
            && text.StartsWith("<0x", StringComparison.Ordinal)
            && text[5] == '>'
            && char.IsAsciiHexDigit(text[3])
            && char.IsAsciiHexDigit(text[4]);

    /// <exception cref="GgufLayoutException">VocabularyMismatch.</exception>
    public void ThrowIfBeyond(string file, long id, string text)
    {
        if (id >= Count)
            throw LayoutErrors.VocabularyTooSmall(file, id, text, Count);
    }

    /// <exception cref="GgufLayoutException">TokenizerInvalid: two equal texts, at which readers end their process.</exception>
    public void ThrowIfTwice(string file)
    {
        string[] texts = Texts;
        var first = new Dictionary<string, int>(texts.Length, StringComparer.Ordinal);
        for (int i = 0; i < texts.Length; i++)
        {
            if (!first.TryAdd(texts[i], i))
                throw LayoutErrors.TokenTwice(file, texts[i], first[texts[i]], i);
        }
    }

    private static bool LooksSpecial(string text) =>
        text is "<pad>" or "<mask>" or "<2mass>" or "[@BOS@]"
        || (text.StartsWith("<|", StringComparison.Ordinal) && text.EndsWith("|>", StringComparison.Ordinal))
        || (text.StartsWith("<\uFF5C", StringComparison.Ordinal) && text.EndsWith("\uFF5C>", StringComparison.Ordinal))
        || (text.StartsWith("<unused", StringComparison.Ordinal) && text.EndsWith('>'));
}
