namespace LoraMerge.Build;

/// <summary>Takes away the folders that a model leaves empty.</summary>
internal static class EmptyFolders
{
    /// <param name="files">Absolute paths of files that were taken away.</param>
    /// <param name="root">Absolute path of a folder that stays, and above which nothing is looked at.</param>
    public static void Remove(IEnumerable<string> files, string root)
    {
        string top = root.TrimEnd(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar);
        foreach (string file in files)
        {
            for (string folder = Path.GetDirectoryName(file)!; folder.Length > top.Length && TryRemove(folder); folder = Path.GetDirectoryName(folder)!)
            {
            }
        }
    }

    /// <summary>A link to a folder is the user's own, as is one that the system does not let go.</summary>
    private static bool TryRemove(string path)
    {
        try
        {
            var folder = new DirectoryInfo(path);
            if (folder.Exists && ((folder.Attributes & FileAttributes.ReparsePoint) != 0 || folder.EnumerateFileSystemInfos().Any()))
                return false;
            if (folder.Exists)
                folder.Delete();
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
