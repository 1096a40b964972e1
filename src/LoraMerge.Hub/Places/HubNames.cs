using System.Runtime.InteropServices;

namespace LoraMerge.Hub.Places;

/// <summary>Which words of strangers may become names of files.</summary>
internal static class HubNames
{
    private static readonly string[] s_devices =
    [
        "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
        "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
    ];

    /// <summary>Whether a path of a repository, with '/', leads to something below its folder on every system that it could be written on.</summary>
    public static bool IsPath(string path) => path.Split('/').All(IsSegment);

    /// <summary>Whether a text is a commit, or git's name of contents: 40 hexadecimal digits in small letters.</summary>
    public static bool IsCommit(string? text) => text is { Length: 40 } && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Whether a text is a SHA-256: 64 hexadecimal digits in small letters.</summary>
    public static bool IsSha256(string? text) => text is { Length: 64 } && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Whether a text is the hash of a file, by one way or the other.</summary>
    public static bool IsHash(string? text) => IsCommit(text) || IsSha256(text);

    /// <summary>Whether git could have a branch or tag of this name, and a cache a file of it.</summary>
    public static bool IsRevision(string text) =>
        text.Length > 0 && IsPath(text) && !text.Contains("..") && !text.Any(letter => " ~^:?*[\\".Contains(letter))
        && text.Split('/').All(part => part[0] != '.' && !part.EndsWith(".lock", StringComparison.Ordinal));

    private static bool IsSegment(string name) =>
        name is not ("" or "." or "..")
        && !name.Any(letter => letter is '\\' or ':' || char.IsControl(letter))
        && (!RuntimeInformation.IsOSPlatform(OSPlatform.Windows) || IsWindowsName(name));

    private static bool IsWindowsName(string name) =>
        name[name.Length - 1] is not ('.' or ' ') && !s_devices.Contains(name.Split('.')[0].TrimEnd(), StringComparer.OrdinalIgnoreCase)
        && !name.Any(letter => "<>\"|?*".Contains(letter));
}
