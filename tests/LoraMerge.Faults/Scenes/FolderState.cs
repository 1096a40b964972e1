using System.Security.Cryptography;

namespace LoraMerge.Faults.Scenes;

/// <summary>All that lies below a folder: relative paths with '/', and what is there, as text that can be compared.</summary>
internal sealed class FolderState
{
    public const string Folder = "folder";

    /// <summary>A file that somebody has locked.</summary>
    public const string Locked = "locked";

    private readonly SortedDictionary<string, string> _entries = new(StringComparer.Ordinal);

    private FolderState()
    {
    }

    public IReadOnlyCollection<string> Paths => _entries.Keys;

    /// <summary>What is at a path; null where nothing is.</summary>
    public string? this[string path] => _entries.GetValueOrDefault(path);

    public static FolderState Of(string folder)
    {
        var state = new FolderState();
        foreach (string path in Directory.EnumerateFileSystemEntries(
            folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false }))
            state._entries[Path.GetRelativePath(folder, path)] = Describe(path);
        return state;
    }

    /// <summary>The paths of a folder and of all below it.</summary>
    public IEnumerable<string> Below(string folder) => _entries.Keys.Where(path => IsSameOrBelow(path, folder));

    public bool IsSame(FolderState other) => _entries.SequenceEqual(other._entries);

    public static bool IsSameOrBelow(string path, string folder) => path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);

    private static string Describe(string path)
    {
        var file = new FileInfo(path);
        if (file.LinkTarget is string target)
            return "link to " + target;
        if (file.Attributes.HasFlag(FileAttributes.Directory))
            return Folder;
        try
        {
            return $"{file.Length} bytes {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))[..16]}";
        }
        catch (IOException)
        {
            return Locked;
        }
    }
}
