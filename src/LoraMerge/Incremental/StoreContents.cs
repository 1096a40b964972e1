using System.Text.RegularExpressions;

namespace LoraMerge.Incremental;

/// <summary>What lies in a store, and how it is taken away. Whoever changes anything holds the store's lock.</summary>
internal static partial class StoreContents
{
    private const string PartialFolders = "*.partial";

    /// <summary>The complete entries, last used first.</summary>
    public static IReadOnlyList<StoredModel> List(string store) =>
    [
        .. Directory.EnumerateFiles(store, "*.entry").Select(file => Describe(store, Path.GetFileNameWithoutExtension(file))).OfType<StoredModel>()
            .OrderByDescending(model => model.LastUsed).ThenBy(model => model.Name, StringComparer.Ordinal),
    ];

    /// <summary>Whether a folder is a store: then it has a lock or an entry.</summary>
    public static bool IsStore(string folder) => Directory.Exists(folder) && (StoreLock.IsIn(folder) || List(folder).Count > 0);

    /// <summary>Takes an entry away: its mark first, so that half of it never counts.</summary>
    /// <returns>Whether it is gone; it stays where a build uses it.</returns>
    /// <exception cref="IOException">A file cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">A file cannot be deleted.</exception>
    public static bool TryRemove(string store, string name)
    {
        using EntryLease? lease = EntryLease.TryOwn(store, name);
        if (lease is null)
            return false;
        Delete(store, name);
        lease.Remove();
        return true;
    }

    /// <summary>Takes away an entry that a new merge replaces.</summary>
    /// <exception cref="IOException">A file cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">A file cannot be deleted.</exception>
    public static void Delete(string store, string name)
    {
        File.Delete(StoreEntry.FileOf(store, name));
        string folder = StoreEntry.FolderOf(store, name);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    /// <summary>Takes away the entries that were used longest ago, until the rest fits.</summary>
    /// <param name="store">The store.</param>
    /// <param name="most">Bytes that it may hold.</param>
    /// <param name="exceptFor">The entry that was just made.</param>
    /// <returns>The bytes that are left: more than the limit where builds use all of them.</returns>
    /// <exception cref="IOException">A file cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">A file cannot be deleted.</exception>
    public static long Shrink(string store, long most, string? exceptFor)
    {
        IReadOnlyList<StoredModel> models = List(store);
        long left = models.Sum(model => model.ByteLength);
        foreach (StoredModel model in models.Reverse().Where(model => model.Name != exceptFor))
        {
            if (left <= most)
                break;
            if (TryRemove(store, model.Name))
                left -= model.ByteLength;
        }
        return left;
    }

    /// <summary>Takes away what merges left that were killed: it never counts as a model.</summary>
    /// <exception cref="IOException">A file cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">A file cannot be deleted.</exception>
    public static void Sweep(string store)
    {
        foreach (string partial in Directory.EnumerateDirectories(store, PartialFolders))
            Directory.Delete(partial, recursive: true);
        foreach (string folder in Directory.EnumerateDirectories(store).Where(IsUnmarkedModel))
            Directory.Delete(folder, recursive: true);

        // Killed between its renaming and its mark.
        bool IsUnmarkedModel(string folder) =>
            EntryName.IsMatch(Path.GetFileName(folder)) && !File.Exists(StoreEntry.FileOf(store, Path.GetFileName(folder))) && File.Exists(Path.Combine(folder, MergeManifest.FileName));
    }

    private static StoredModel? Describe(string store, string name)
    {
        if (!EntryName.IsMatch(name) || StoreEntry.TryLoad(store, name, key: null) is not StoreEntry entry)
            return null;
        DateTime lastUsed = EntryLease.LastUse(store, name) ?? new DateTime(entry.FinishedTicks, DateTimeKind.Utc);
        return new StoredModel(name, entry.Key, entry.Files.Sum(file => file.Stamp.ByteLength), lastUsed, EntryLease.IsHeld(store, name));
    }

    [GeneratedRegex("-[0-9a-f]{16}$")]
    private static partial Regex EntryName { get; }
}

/// <summary>A merged model of a store.</summary>
/// <param name="Name">Name of its folder.</param>
/// <param name="Key">Hash of all that decides it.</param>
/// <param name="ByteLength">Bytes of its files.</param>
/// <param name="LastUsed">When a build last asked for it, UTC.</param>
/// <param name="IsInUse">Whether a build uses it now.</param>
public sealed record StoredModel(string Name, string Key, long ByteLength, DateTime LastUsed, bool IsInUse);
