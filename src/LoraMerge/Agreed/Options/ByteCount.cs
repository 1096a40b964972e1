using System.Globalization;

namespace LoraMerge.Agreed.Options;

/// <summary>
/// Sizes as Hugging Face writes them: KB, MB, GB are powers of 1000, KiB, MiB, GiB of 1024. A number alone is bytes from a million on; a smaller one is no
/// size: who writes 20 means gigabytes, and a limit of 20 bytes would empty a folder of models.
/// </summary>
internal static class ByteCount
{
    private const string Units = "KMGT";
    private const decimal LeastWithoutUnit = 1_000_000;

    /// <summary>Reads a size from one byte such as <c>500MB</c>, <c>5GB</c> or <c>2GiB</c>.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        string trimmed = text.Trim();
        int end = 0;
        while (end < trimmed.Length && trimmed[end] is (>= '0' and <= '9') or '.')
            end++;
        string digits = trimmed.Substring(0, end);
        if (digits.Length == 0 || digits[0] == '.' || digits[digits.Length - 1] == '.'
            || UnitOf(trimmed.Substring(end).Trim().ToUpperInvariant()) is not decimal unit
            || !decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number) || number > long.MaxValue / unit)
            return false;
        bytes = (long)(number * unit);
        return bytes > 0 && (end < trimmed.Length || number >= LeastWithoutUnit);
    }

    private static decimal? UnitOf(string unit)
    {
        if (unit is "" or "B")
            return 1;
        int power = Units.IndexOf(unit[0]) + 1;
        if (power == 0 || unit.Substring(1) is not ("B" or "IB"))
            return null;
        decimal size = 1;
        for (int i = 0; i < power; i++)
            size *= unit.Length == 3 ? 1024 : 1000;
        return size;
    }
}
