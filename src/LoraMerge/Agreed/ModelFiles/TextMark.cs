#if !NETSTANDARD
namespace LoraMerge.Agreed.ModelFiles;

/// <summary>The mark that editors, mostly on Windows, put before a text: how it is written.</summary>
internal static class TextMark
{
    /// <summary>The text without the mark of UTF-8, where it has one.</summary>
    public static ReadOnlySpan<byte> Without(ReadOnlySpan<byte> text) => text.Slice(LengthIn(text));

    /// <inheritdoc cref="Without(ReadOnlySpan{byte})"/>
    public static ReadOnlyMemory<byte> Without(ReadOnlyMemory<byte> text) => text.Slice(LengthIn(text.Span));

    /// <summary>Whether a text has one of the marks of UTF-16.</summary>
    public static bool IsOfUtf16(ReadOnlySpan<byte> text) => text is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..];

    private static int LengthIn(ReadOnlySpan<byte> text) => text is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0;
}
#endif
