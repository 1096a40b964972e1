namespace LoraMerge.Tests;

/// <summary>Every file below a folder, by relative path, with its bytes as text that can be compared and shown.</summary>
internal static class FolderContents
{
    public static SortedDictionary<string, string> Of(string folder)
    {
        var contents = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string path in Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories) : [])
            contents[Path.GetRelativePath(folder, path)] = Describe(path);
        return contents;
    }

    private static string Describe(string path) =>
        new FileInfo(path).LinkTarget is string target ? "link to " + target
        : File.Exists(path) ? Convert.ToHexString(File.ReadAllBytes(path)) : "folder";
}
