using System.Buffers;

namespace LoraMerge.Checkpoints;

/// <summary>The words NaN, Infinity and -Infinity, which Python's json writes where a number is none, and which JSON does not have.</summary>
/// <remarks>They are read as numbers too large for any type, so that nobody takes them for a value, and written as the words again.</remarks>
internal static class NotANumber
{
    private static readonly (byte[] Word, byte[] Number)[] Words =
    [
        ("Infinity"u8.ToArray(), "9e999999"u8.ToArray()),
        ("-Infinity"u8.ToArray(), "-9e999999"u8.ToArray()),
        ("NaN"u8.ToArray(), "7e999999"u8.ToArray()),
    ];

    private static readonly SearchValues<byte> Ends = SearchValues.Create(",:[]{}\" \t\r\n"u8);

    /// <summary>The text as JSON; the bytes themselves where there is no such word.</summary>
    public static ReadOnlySpan<byte> ToJson(ReadOnlySpan<byte> text) => Exchange(text, toWords: false);

    /// <summary>The text as Python writes it.</summary>
    public static ReadOnlySpan<byte> FromJson(ReadOnlySpan<byte> text) => Exchange(text, toWords: true);

    private static ReadOnlySpan<byte> Exchange(ReadOnlySpan<byte> text, bool toWords)
    {
        List<byte>? changed = null;
        int copied = 0;
        for (int at = 0; at < text.Length;)
        {
            if (text[at] == '"')
            {
                at = EndOfString(text, at);
                continue;
            }
            int length = LengthOfScalar(text[at..]);
            foreach ((byte[] word, byte[] number) in Words)
            {
                if (!text.Slice(at, length).SequenceEqual(toWords ? number : word))
                    continue;
                changed ??= new List<byte>(text.Length + 64);
                changed.AddRange(text[copied..at]);
                changed.AddRange(toWords ? word : number);
                copied = at + length;
            }
            at += Math.Max(length, 1);
        }
        return changed is null ? text : (byte[])[.. changed, .. text[copied..]];
    }

    private static int EndOfString(ReadOnlySpan<byte> text, int start)
    {
        int at = start + 1;
        while (at < text.Length && text[at] != '"')
            at += text[at] == '\\' ? 2 : 1;
        return Math.Min(at + 1, text.Length);
    }

    /// <summary>Up to what may follow a number or a word.</summary>
    private static int LengthOfScalar(ReadOnlySpan<byte> text) => text.IndexOfAny(Ends) is var end and >= 0 ? end : text.Length;
}
