using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using LoraMerge.Diagnostics;

namespace LoraMerge.Reports;

/// <summary>Text of a page: what is written out in the code is markup, every value between braces is text and becomes harmless.</summary>
internal sealed class Html
{
    /// <summary>Names of files have no bound; nobody reads more.</summary>
    private const int LongestText = 300;

    private static readonly HtmlEncoder s_encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly StringBuilder _text = new();

#pragma warning disable CA1822 // the handler has written into this page when it gets here
    public void Add([InterpolatedStringHandlerArgument("")] ref Handler markup) => _ = markup;
#pragma warning restore CA1822

    public override string ToString() => _text.ToString();

    /// <summary>Control characters, and those that turn the direction of what follows, become visible; the rest is encoded.</summary>
    private static string Encoded(string text)
    {
        string read = text.Length <= LongestText ? text : string.Concat(text.AsSpan(0, LongestText), "…");
        return s_encoder.Encode(string.Concat(read.Select(letter => VisibleText.IsUnseen(letter) ? '\uFFFD' : letter)));
    }

    /// <summary>Called by the compiler for <c>$"…"</c>.</summary>
    [InterpolatedStringHandler]
    internal readonly ref struct Handler
    {
        private readonly Html _page;

        public Handler(int literalLength, int formattedCount, Html page) => _page = page;

        public void AppendLiteral(string markup) => _page._text.Append(markup);

        public void AppendFormatted(string? text) => _page._text.Append(Encoded(text ?? ""));

        public void AppendFormatted(long number) => _page._text.Append(CultureInfo.InvariantCulture, $"{number}");
    }
}
