using System.CommandLine;
using System.Globalization;

namespace LoraMerge.Cli;

/// <summary>Lists that a person can read: the first lines, and how many more there are.</summary>
internal static class ShortList
{
    private const int MostLines = 10;

    /// <summary>What a person needs to know to read differences of numbers.</summary>
    public const string MeaningOfUlp =
        "One ulp is the step from a number to the next one of its dtype, the smallest difference there is. A few come from rounding in another order, many "
            + "from another model.";

    public static Option<bool> All() => new("--all") { Description = "List everything that differs, not only the ten that differ most." };

    /// <param name="lines">The most important first.</param>
    /// <param name="showsAll">Whether the user asked for all.</param>
    public static IEnumerable<string> Of(IReadOnlyList<string> lines, bool showsAll) => showsAll || lines.Count <= MostLines
        ? lines
        : lines.Take(MostLines).Append(string.Create(CultureInfo.InvariantCulture, $"... and {lines.Count - MostLines} more (--all lists them)"));
}
