using System.Globalization;

namespace LoraMerge.Agreed.Options;

/// <summary>What the text of an option may be. The task and the command line check it by the same code.</summary>
internal sealed class OptionForm
{
    private readonly Func<string, string?> _read;

    private OptionForm(OptionFormKind kind, string expected, Func<string, string?> read)
    {
        Kind = kind;
        Expected = expected;
        _read = read;
    }

    /// <summary>Anything, such as a name or a version.</summary>
    public static OptionForm Text { get; } = new(OptionFormKind.Text, "a text", text => text);

    /// <summary>What MSBuild takes for a boolean.</summary>
    public static OptionForm Switch { get; } = OfWords(OptionFormKind.Switch, ["true", "false", "yes", "no", "on", "off"], "true or false");

    /// <summary>A finite number with a point.</summary>
    public static OptionForm Number { get; } = new(OptionFormKind.Number, "a finite number", text =>
        TryParse(text, out double number) ? number.ToString("R", CultureInfo.InvariantCulture) : null);

    /// <summary>A number from 0 to 1; kept as it is written.</summary>
    public static OptionForm Share { get; } = new(OptionFormKind.Share, "a share from 0 to 1", text =>
        TryParse(text, out double share) && share is >= 0 and <= 1 ? text : null);

    /// <summary>Bytes, such as <c>500MB</c>; kept as they are written.</summary>
    public static OptionForm Size { get; } = new(OptionFormKind.Size, "a size such as 500MB, 5GB or 2GiB", text =>
        ByteCount.TryParse(text, out _) ? text : null);

    /// <summary><c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</summary>
    public static OptionForm Device { get; } = new(OptionFormKind.Device, "auto, cpu, cuda or cuda:N", text => ReadDevice(text.ToLowerInvariant()));

    /// <summary>SHA-256 of files; given in the one form that <see cref="DigestList.Normalize"/> has.</summary>
    public static OptionForm Digests { get; } = new(
        OptionFormKind.Digests, "a SHA-256 in 64 hexadecimal digits, or NAME=SHA-256 for each file with ';' between", DigestList.Normalize);

    /// <summary>Which of them it is.</summary>
    public OptionFormKind Kind { get; }

    /// <summary>For messages, as the end of a sentence.</summary>
    public string Expected { get; }

    /// <summary>All that may be written, where it is one of a few words.</summary>
    public IReadOnlyList<string> Words { get; private set; } = [];

    /// <summary>One of a few words, in whatever letter case.</summary>
    public static OptionForm OneOf(params string[] words) =>
        OfWords(OptionFormKind.Words, words, $"{string.Join(", ", words.Take(words.Length - 1))} or {words[words.Length - 1]}");

    /// <summary>A whole number from 1, in decimal digits without leading zeros.</summary>
    public static OptionForm Count(int most) => new(OptionFormKind.Count, most == int.MaxValue ? "a whole number from 1"
        : FormattableString.Invariant($"a whole number from 1 to {most}"), text =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count >= 1 && count <= most && text[0] != '0' ? text : null);

    /// <returns>The text in the one form that its meaning has; null where it is not of this form.</returns>
    public string? TryRead(string text) => _read(text);

    private static OptionForm OfWords(OptionFormKind kind, string[] words, string expected) =>
        new(kind, expected, text => words.FirstOrDefault(word => word.Equals(text, StringComparison.OrdinalIgnoreCase))) { Words = words };

    private static bool TryParse(string text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && !double.IsNaN(number) && !double.IsInfinity(number);

    private static string? ReadDevice(string text) =>
        text is "auto" or "cpu" or "cuda" || (text.StartsWith("cuda:", StringComparison.Ordinal) && text.Length is > 5 and < 9
            && text.Skip(5).All(digit => digit is >= '0' and <= '9')) ? text : null;
}
