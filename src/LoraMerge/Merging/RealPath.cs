namespace LoraMerge.Merging;

/// <summary>Paths without links, so that two names of one folder are seen to be one.</summary>
internal static class RealPath
{
    /// <summary>Where the system, too, gives up.</summary>
    private const int MostLinks = 40;

    /// <summary>The absolute path with every link on the way followed; parts that do not exist stay as they are.</summary>
    /// <exception cref="IOException">Links lead round in a circle, or cannot be read.</exception>
    public static string Of(string path)
    {
        int links = 0;
        return Follow(Path.GetFullPath(path), ref links);
    }

    private static string Follow(string path, ref int links)
    {
        string trimmed = Path.TrimEndingDirectorySeparator(path);
        if (Path.GetDirectoryName(trimmed) is not string parent)
            return trimmed;
        string here = Path.Combine(Follow(parent, ref links), Path.GetFileName(trimmed));
        if (new FileInfo(here).LinkTarget is not string target)
            return here;
        if (++links > MostLinks)
            throw new IOException($"'{path}' leads through more than {MostLinks} links.");
        return Follow(Path.GetFullPath(target, Path.GetDirectoryName(here)!), ref links);
    }
}
