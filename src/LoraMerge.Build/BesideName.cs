using System.Text.RegularExpressions;

namespace LoraMerge.Build;

/// <summary>Names of files that wait beside their places while a model is placed: <c>.lora-ID-NUMBER.new</c> and <c>.lora-ID-NUMBER.old</c>.</summary>
/// <remarks>Every placing has an ID of its own, so that two at once never meet; no reader of models takes such a file for one of a model's.</remarks>
internal sealed class BesideName
{
    private string? _id;
    private int _count;

    /// <returns>Files of killed builds in a folder, or of builds that still run: whoever holds the folder's lock knows them to be left.</returns>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be read.</exception>
    public static IEnumerable<string> FindIn(string folder) =>
        Directory.Exists(folder) ? Directory.GetFiles(folder, ".lora-*").Where(IsOurs) : [];

    /// <summary>Whether a file has a name of this form.</summary>
    public static bool IsOurs(string file) => Regex.IsMatch(Path.GetFileName(file), @"^\.lora-[0-9a-f]{16}-[0-9]+\.(new|old)$");

    /// <summary>For a file that is to come into a place.</summary>
    public string OfNew(string place) => Next(place, "new");

    /// <summary>For a file that is taken out of a place.</summary>
    public string OfOld(string place) => Next(place, "old");

    private string Next(string place, string extension)
    {
        _id ??= Guid.NewGuid().ToString("N").Substring(0, 16);
        return Path.Combine(Path.GetDirectoryName(place)!, FormattableString.Invariant($".lora-{_id}-{++_count}.{extension}"));
    }
}
