using LoraMerge.Agreed.FileSystem;
using LoraMerge.Agreed.Fingerprints;

namespace LoraMerge.Agreed.Entries;

/// <summary>
/// Who uses which entry of a store: <c>users/HASH</c> holds a state file's path, relative to the store, and the entry's name.
/// Only a store that belongs to one project has users; in a folder that the user chose nothing is taken away for being unused.
/// </summary>
/// <param name="store">Folder of the store.</param>
internal sealed class StoreUsers(string store)
{
    private string Folder => Path.Combine(store, "users");

    /// <summary>Makes the store one that has users.</summary>
    public void Open() => Directory.CreateDirectory(Folder);

    /// <summary>Notes that a build uses an entry, and no longer the one that it used before. Does nothing in a store without users.</summary>
    public void Record(string statePath, string entryName)
    {
        if (!Presence.OfFolder(Folder))
            return;
        string relativePath = RelativePath.Between(store, statePath);
        string file = Path.Combine(Folder, ContentHash.OfText(relativePath));
        string[] lines = [relativePath, entryName];
        if (AtomicFile.TryReadLines(file) is not { } current || !current.SequenceEqual(lines))
            AtomicFile.WriteLines(file, lines);
    }

    /// <summary>
    /// The complete entries that no build uses any more; none in a store without users, nor where it cannot be read who they are. Forgets users
    /// whose state file is gone.
    /// </summary>
    /// <exception cref="IOException">The store cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The store cannot be read.</exception>
    public IReadOnlyList<EntryPlace> FindUnused()
    {
        if (!Presence.OfFolder(Folder))
            return [];
        var used = new HashSet<string>();
        foreach (string file in Directory.GetFiles(Folder).Where(IsUser))
        {
            if (AtomicFile.ReadLines(file) is not { Length: 2 } lines)
                return [];
            if (Presence.IsSurelyNone(Path.Combine(store, lines[0])))
                File.Delete(file);
            else
                used.Add(lines[1]);
        }
        return [.. EntryPlace.AllIn(store).Where(place => !used.Contains(place.Name))];
    }

    private static bool IsUser(string file) => Path.GetFileName(file) is { Length: 32 } name && name.All(char.IsAsciiHexDigitLower);
}
