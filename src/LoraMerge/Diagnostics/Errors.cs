using System.Globalization;
using LoraMerge.Agreed.Messages;

namespace LoraMerge.Diagnostics;

/// <summary>Makes every fault of the user: what is wrong, where; expected and found; what to do.</summary>
internal static partial class Errors
{
    /// <summary>Several faults at once: all of them are said.</summary>
    public static LoraMergeException All(IReadOnlyList<LoraMergeException> faults) => faults.Count == 1
        ? faults[0]
        : new(faults[0].Code, faults[0].Message, faults[0].File, faults[0]) { Others = [.. faults.Skip(1)] };

    public static LoraMergeException FileFault(Exception cause) =>
        new(DiagnosticCode.FileFault,
            $"A file could not be read or written: {Sentence(cause.Message)} Check the disk and the permissions, and try again.", null, cause);

    internal static string Bytes(long count) =>
        count < 10_000_000 ? string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0.##} MB")
        : count < 1_000_000_000 ? string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0} MB")
        : string.Create(CultureInfo.InvariantCulture, $"{count / 1e9:0.##} GB");

    internal static string List(IEnumerable<string> items)
    {
        string[] all = [.. items];
        return string.Join(", ", all.Take(3).Select(item => $"'{item}'")) + (all.Length > 3 ? $" and {all.Length - 3} more" : "");
    }

    private static string Inside(string one, string several, IReadOnlyList<string> folders) => folders.Count == 1
        ? $"There is {one} in '{folders[0]}': name that folder."
        : $"There are {several} in {PathGuess.Quoted(folders)}: name the one that is meant.";

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Text from a file that nobody vouches for: one line of bounded length.</summary>
    private static string Printable(string text) =>
        new([.. text.Take(400).Select(c => char.IsControl(c) ? '?' : c), .. text.Length > 400 ? "..." : ""]);

    private static string Sentence(string text) => text.TrimEnd('.', ' ') + ".";
}
