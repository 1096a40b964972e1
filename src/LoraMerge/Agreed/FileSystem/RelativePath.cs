namespace LoraMerge.Agreed.FileSystem;

/// <summary>Paths that stay true when a checkout moves.</summary>
internal static class RelativePath
{
    private static readonly StringComparison s_comparison = Path.DirectorySeparatorChar == '\\' ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <summary>The way from a folder to a path, with '/'; the path itself where there is no way, as between Windows drives.</summary>
    /// <param name="folder">Absolute.</param>
    /// <param name="path">Absolute.</param>
    public static string Between(string folder, string path)
    {
        string[] from = Split(folder);
        string[] to = Split(path);
        int common = 0;
        while (common < from.Length && common < to.Length && string.Equals(from[common], to[common], s_comparison))
            common++;
        if (common == 0)
            return path;
        string way = string.Join("/", Enumerable.Repeat("..", from.Length - common).Concat(to.Skip(common)));
        return way.Length == 0 ? "." : way;
    }

    /// <summary>
    /// Whether a path, with '/', leads to something below the folder that it starts at: what a shared folder or a file of ours says may be a stranger's
    /// words.
    /// </summary>
    public static bool IsBelow(string path) =>
        path.IndexOf('\0') < 0
        && (Path.DirectorySeparatorChar != '\\' || path.IndexOfAny(['\\', ':']) < 0)
        && path.Split('/').All(part => part is not ("" or "." or ".."));

    // The first part, empty on Unix, stands for the root.
    private static string[] Split(string path)
    {
        return Path.GetFullPath(path).Replace('\\', Path.DirectorySeparatorChar == '\\' ? '/' : '\\').TrimEnd('/').Split('/');
    }
}
