namespace LoraMerge.Agreed.ModelFiles;

/// <summary>
/// Whether something is at a path. What the system cannot tell, as on a failing disk, is no answer: <see cref="File.Exists(string)"/> calls it a no.
/// </summary>
internal static class Presence
{
    /// <summary>Whether a file is there, be it a link to nothing.</summary>
    /// <exception cref="IOException">The system cannot tell.</exception>
    /// <exception cref="UnauthorizedAccessException">The system does not tell this user.</exception>
    public static bool OfFile(string path) => AttributesOf(path) is { } attributes && (attributes & FileAttributes.Directory) == 0;

    /// <summary>Whether a folder is there, be it by a link.</summary>
    /// <inheritdoc cref="OfFile" path="/exception"/>
    public static bool OfFolder(string path) => AttributesOf(path) is { } attributes && (attributes & FileAttributes.Directory) != 0;

    /// <summary>Whether anything is there.</summary>
    /// <inheritdoc cref="OfFile" path="/exception"/>
    public static bool OfAny(string path) => AttributesOf(path) is not null;

    /// <summary>Whether surely nothing is there: what cannot be looked at may be.</summary>
    public static bool IsSurelyNone(string path)
    {
        try
        {
            return !OfAny(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static FileAttributes? AttributesOf(string path)
    {
        try
        {
            return File.GetAttributes(path);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException or ArgumentException or NotSupportedException)
        {
            return null; // the last two: nothing can have such a name
        }
    }
}
