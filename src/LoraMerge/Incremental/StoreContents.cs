using System.Text.RegularExpressions;

namespace LoraMerge.Incremental;

/// <summary>What lies in a store, and how it is taken away. Whoever changes anything holds the store's lock.</summary>
internal static partial class StoreContents
{
    /// <summary>What a folder is called while it is filled or emptied: it never counts as a model, and the next merge removes it.</summary>
    public const string PartialSuffix = ".partial";

    /// <summary>The complete entries, last used first.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be read.</exception>
    public static IReadOnlyList<StoredModel> List(string store) =>
    [
        .. StoreEntry.AllNames(store).Select(name => Describe(store, name)).OfType<StoredModel>()
            .OrderByDescending(model => model.LastUsed).ThenBy(model => model.Name, StringComparer.Ordinal),
    ];

    /// <summary>Whether builds merge into a folder: then it has their lock, or an entry.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be read.</exception>
    public static bool IsStore(string folder) => Directory.Exists(folder) && (StoreLock.IsIn(folder) || List(folder).Count > 0);

    /// <summary>Takes an entry away, unless a build uses it or the system does not let it go.</summary>
    /// <returns>Whether it is gone.</returns>
    public static bool TryRemove(string store, string name)
    {
        try
        {
            using EntryLease? lease = EntryLease.TryOwn(store, name);
            if (lease is null)
                return false;
            Delete(store, name);
            lease.Remove();
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Deletes an entry in an order that leaves no half of it, whenever this is killed: the mark, the name, the files.</summary>
    /// <exception cref="IOException">A file cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">A file cannot be deleted.</exception>
    public static void Delete(string store, string name)
    {
        File.Delete(StoreEntry.FileOf(store, name));
        string folder = StoreEntry.FolderOf(store, name);
        if (!Directory.Exists(folder))
            return;
        string emptied = folder + PartialSuffix;
        if (Directory.Exists(emptied))
            Directory.Delete(emptied, recursive: true);
        Directory.Move(folder, emptied);
        Directory.Delete(emptied, recursive: true);
    }

    /// <summary>Takes away the entries that were used longest ago, until the rest fits.</summary>
    /// <param name="store">The store.</param>
    /// <param name="maxBytes">Bytes that it may hold.</param>
    /// <param name="exceptFor">The entry that was just made.</param>
    /// <returns>The bytes that are left: more than the limit where the others cannot be taken away now.</returns>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be read.</exception>
    public static long Shrink(string store, long maxBytes, string? exceptFor)
    {
        IReadOnlyList<StoredModel> models = List(store);
        long left = models.Sum(model => model.ByteLength);
        foreach (StoredModel model in models.Reverse().Where(model => model.Name != exceptFor))
        {
            if (left <= maxBytes)
                break;
            if (TryRemove(store, model.Name))
                left -= model.ByteLength;
        }
        return left;
    }

    /// <summary>Takes away what killed merges left.</summary>
    /// <exception cref="IOException">A file cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">A file cannot be deleted.</exception>
    public static void Sweep(string store)
    {
        foreach (string partial in Directory.EnumerateDirectories(store, "*" + PartialSuffix))
            Directory.Delete(partial, recursive: true);
        foreach (string folder in Directory.EnumerateDirectories(store).Where(folder => IsUnmarkedModel(store, folder)))
            Directory.Delete(folder, recursive: true);
        foreach (string name in EntryLease.AllNames(store).Where(name => !File.Exists(StoreEntry.FileOf(store, name))))
            EntryLease.TryOwn(store, name)?.Remove();
        AtomicFile.DeleteRemains(store, "*");
    }

    /// <summary>Whether its merge was killed between renaming the folder and marking it.</summary>
    private static bool IsUnmarkedModel(string store, string folder)
    {
        string name = Path.GetFileName(folder);
        return EntryName.IsMatch(name) && !File.Exists(StoreEntry.FileOf(store, name)) && File.Exists(Path.Combine(folder, MergeManifest.FileName));
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
internal sealed record StoredModel(string Name, string Key, long ByteLength, DateTime LastUsed, bool IsInUse);
