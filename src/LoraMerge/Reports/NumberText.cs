using System.Globalization;

namespace LoraMerge.Reports;

/// <summary>Numbers as a page shows them: short ones to look at, and all digits to rely on.</summary>
internal static class NumberText
{
    /// <summary>What stands where nothing is known.</summary>
    public const string None = "–";

    /// <summary>All digits that there are, as in the manifest.</summary>
    public static string Exact(double? value) => value is double number ? number.ToString("R", CultureInfo.InvariantCulture) : None;

    /// <summary>Three digits.</summary>
    public static string Short(double? value) => value switch
    {
        null => None,
        0 => "0",
        double number when Math.Abs(number) is >= 0.001 and < 100_000 => Digits(number),
        double number => number.ToString("0.00e0", CultureInfo.InvariantCulture),
    };

    /// <summary>A share, in percent of three digits.</summary>
    public static string Percent(double? value) => value is double share ? Short(100 * share) + " %" : None;

    public static string Count(long? value) => value is long count ? count.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', '\u202F') : None;

    public static string Seconds(double seconds) => seconds < 120
        ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s")
        : string.Create(CultureInfo.InvariantCulture, $"{(long)seconds / 60} min {(long)seconds % 60} s");

    /// <summary>As many behind the point as make three, in numbers that stand below one another.</summary>
    private static string Digits(double number)
    {
        double rounded = double.Parse(number.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        int before = (int)Math.Floor(Math.Log10(Math.Abs(rounded))) + 1;
        return rounded.ToString($"F{Math.Clamp(3 - before, 0, 6)}", CultureInfo.InvariantCulture);
    }
}
