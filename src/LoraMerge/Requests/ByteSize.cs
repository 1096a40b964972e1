using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace LoraMerge.Requests;

/// <summary>A size as Hugging Face writes it: KB, MB, GB are powers of 1000, KiB, MiB, GiB of 1024.</summary>
/// <param name="Bytes">The size.</param>
/// <param name="Text">As the user wrote it.</param>
public sealed partial record ByteSize(long Bytes, string Text)
{
    /// <summary>Reads a size such as <c>500MB</c>, <c>5GB</c> or <c>2GiB</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ByteSize? size)
    {
        size = null;
        Match match = Form.Match(text);
        if (!match.Success || !decimal.TryParse(match.Groups["number"].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
            return false;
        decimal unit = match.Groups["unit"].Value.ToUpperInvariant() switch
        {
            "KB" => 1000m,
            "MB" => 1000m * 1000,
            "GB" => 1000m * 1000 * 1000,
            "TB" => 1000m * 1000 * 1000 * 1000,
            "KIB" => 1024m,
            "MIB" => 1024m * 1024,
            "GIB" => 1024m * 1024 * 1024,
            "TIB" => 1024m * 1024 * 1024 * 1024,
            _ => 1m,
        };
        if (number <= 0 || number > long.MaxValue / unit)
            return false;
        long bytes = (long)(number * unit);
        size = bytes > 0 ? new ByteSize(bytes, text) : null;
        return size is not null;
    }

    [GeneratedRegex(@"^\s*(?<number>[0-9]+(\.[0-9]+)?)\s*(?<unit>[KMGT]i?B|B)?\s*$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Form { get; }
}
