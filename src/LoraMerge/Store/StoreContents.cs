using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.FileSystem;
using LoraMerge.Diagnostics;
using LoraMerge.Manifests;
using LoraMerge.Output;

namespace LoraMerge.Store;

/// <summary>What lies in a store, and how it is taken away. Whoever changes anything holds the store's lock.</summary>
internal static class StoreContents
{
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
    public static bool IsStore(string folder) => Presence.OfFolder(folder) && (StoreLock.IsIn(folder) || List(folder).Count > 0);

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
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or LoraMergeException)
        {
            return false;
        }
    }

    /// <summary>
    /// Deletes an entry in an order that leaves no half of it, whenever this is killed: the mark, the name, the files. Files that no merge wrote stay.
    /// </summary>
    /// <exception cref="IOException">A file cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be deleted.</exception>
    public static void Delete(string store, string name)
    {
        string folder = StoreEntry.FolderOf(store, name);
        string[] files = FilesOf(store, name);
        File.Delete(StoreEntry.FileOf(store, name));
        if (!Presence.OfFolder(folder))
            return;
        string emptied = OwnFiles.In(folder, files).FindForeign() is null ? SetAside(folder) : folder;
        OwnFiles.In(emptied, files).Delete();
    }

    /// <summary>Relative paths of the files that an entry's mark lists; none where it has no mark.</summary>
    public static string[] FilesOf(string store, string name) => [.. StoreEntry.TryLoad(store, name, key: null)?.Files.Select(file => file.RelativePath) ?? []];

    /// <summary>
    /// Under a name that says that nobody wants the folder any more, an empty one even; where it cannot be renamed, it is emptied in its place.
    /// </summary>
    private static string SetAside(string folder)
    {
        string aside = PartialName.For(folder);
        try
        {
            Directory.Move(folder, aside);
            return aside;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return folder;
        }
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

    /// <summary>
    /// Takes away what killed merges left, and nothing that might be somebody else's. What cannot be deleted now, because a program has it open, waits for
    /// the next merge.
    /// </summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be read.</exception>
    public static void Sweep(string store)
    {
        var marked = StoreEntry.AllNames(store).ToHashSet(StringComparer.Ordinal);
        foreach (string folder in Directory.GetDirectories(store).Where(folder => IsPartial(folder) || IsUnmarkedModel(folder)))
            Try(() => OwnFiles.In(folder).Delete());
        foreach (string name in EntryLease.AllNames(store).Where(IsUnmarked))
            EntryLease.TryOwn(store, name)?.Remove();
        AtomicFile.DeleteRemains(store, StoreEntry.IsFileName);

        static bool IsPartial(string folder) => PartialName.TargetOf(Path.GetFileName(folder)) is not null;

        bool IsUnmarked(string name) => !marked.Contains(name) && Presence.IsSurelyNone(StoreEntry.FileOf(store, name));

        // Its merge was killed between putting it into its place and marking it.
        bool IsUnmarkedModel(string folder) =>
            Path.GetFileName(folder) is { } name && StoreEntry.IsName(name) && IsUnmarked(name) && NameByManifest(folder) == name;
    }

    private static string? NameByManifest(string folder)
    {
        string file = Path.Combine(folder, MergeManifest.FileName);
        string? name = null;
        Try(() =>
        {
            if (File.Exists(file) && MergeManifest.Read(file) is { Key.Length: >= StoreEntry.KeyDigitCount } manifest)
                name = StoreEntry.NameFor(manifest.Name, manifest.Key);
        });
        return name;
    }

    private static void Try(Action act)
    {
        try
        {
            act();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or LoraMergeException)
        {
        }
    }

    private static StoredModel? Describe(string store, string name)
    {
        if (StoreEntry.TryLoad(store, name, key: null) is not StoreEntry entry)
            return null;
        DateTime lastUsed = EntryLease.LastUse(store, name) ?? new DateTime(entry.FinishedTicks, DateTimeKind.Utc);
        return new StoredModel(name, entry.Key, entry.Files.Sum(file => file.Stamp.ByteLength), lastUsed, EntryLease.IsHeld(store, name));
    }
}

/// <summary>A merged model of a store.</summary>
/// <param name="Name">Name of its folder.</param>
/// <param name="Key">Hash of all that decides it.</param>
/// <param name="ByteLength">Bytes of its files.</param>
/// <param name="LastUsed">When a build last asked for it, UTC.</param>
/// <param name="IsInUse">Whether a build uses it now.</param>
internal sealed record StoredModel(string Name, string Key, long ByteLength, DateTime LastUsed, bool IsInUse);
