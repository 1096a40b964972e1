using LoraMerge.Agreed.FileSystem;
using LoraMerge.Agreed.Fingerprints;

namespace LoraMerge.Agreed.Entries;

/// <summary>
/// Who uses which entry of a store: <c>users/HASH</c> holds a state file's path, relative to the store, and the entry's name.
/// Only a store that belongs to one project has users; in a folder that the user chose nothing is taken away for being unused.
/// </summary>
internal static class StoreUsers
{
    /// <summary>Makes the store one that has users.</summary>
    public static void Open(string store) => Directory.CreateDirectory(FolderOf(store));

    /// <summary>Notes that a build uses an entry, and no longer the one that it used before. Does nothing in a store without users.</summary>
    public static void Record(string store, string statePath, string entryName)
    {
        if (!Presence.OfFolder(FolderOf(store)))
            return;
        string relativePath = RelativePath.Between(store, statePath);
        string file = Path.Combine(FolderOf(store), ContentHash.OfText(relativePath));
        string[] lines = [relativePath, entryName];
        if (AtomicFile.TryReadLines(file) is not { } current || !current.SequenceEqual(lines))
            AtomicFile.WriteLines(file, lines);
    }

    /// <summary>
    /// Names of the complete entries that no build uses any more; none in a store without users, nor where it cannot be read who they are. Forgets users
    /// whose state file is gone.
    /// </summary>
    /// <exception cref="IOException">The store cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The store cannot be read.</exception>
    public static IReadOnlyList<string> FindUnused(string store)
    {
        if (!Presence.OfFolder(FolderOf(store)))
            return [];
        var used = new HashSet<string>();
        foreach (string file in Directory.GetFiles(FolderOf(store)).Where(IsUser))
        {
            if (AtomicFile.ReadLines(file) is not { Length: 2 } lines)
                return [];
            if (Presence.IsSurelyNone(Path.Combine(store, lines[0])))
                File.Delete(file);
            else
                used.Add(lines[1]);
        }
        return [.. StoreEntry.AllNames(store).Where(name => !used.Contains(name))];
    }

    private static bool IsUser(string file) => Path.GetFileName(file) is { Length: 32 } name && name.All(PartialName.IsDigit);

    private static string FolderOf(string store) => Path.Combine(store, "users");
}
