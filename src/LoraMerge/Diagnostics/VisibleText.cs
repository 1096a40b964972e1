using System.Globalization;

namespace LoraMerge.Diagnostics;

/// <summary>
/// Text for people that may hold names of a stranger's file: a terminal would obey control characters in them, and they could look like another line, or
/// like other letters.
/// </summary>
internal static class VisibleText
{
    /// <summary>The text in one line, with a mark in place of each character that is obeyed and not seen.</summary>
    public static string Of(string text)
    {
        string line = text.ReplaceLineEndings(" ");
        return line.Any(IsUnseen) ? string.Concat(line.Select(letter => IsUnseen(letter) ? '\uFFFD' : letter)) : line;
    }

    /// <summary>Control characters, and those that turn the direction of what follows; joiners of letters, which Persian is written with, are none.</summary>
    public static bool IsUnseen(char letter) =>
        char.IsControl(letter) || letter is '\u2028' or '\u2029'
        || (char.GetUnicodeCategory(letter) == UnicodeCategory.Format && letter is not ('\u200C' or '\u200D'));
}
