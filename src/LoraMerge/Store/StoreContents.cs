using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.FileSystem;
using LoraMerge.Diagnostics;
using LoraMerge.Manifests;
using LoraMerge.Output;

namespace LoraMerge.Store;

/// <summary>What lies in a store, and how it is taken away. Whoever changes anything holds the store's lock.</summary>
/// <param name="store">Its folder.</param>
internal sealed class StoreContents(string store)
{
    /// <summary>The complete entries, last used first.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be read.</exception>
    public IReadOnlyList<StoredModel> List() =>
    [
        .. EntryPlace.AllIn(store).Select(Describe).OfType<StoredModel>()
            .OrderByDescending(model => model.LastUsed).ThenBy(model => model.Name, StringComparer.Ordinal),
    ];

    /// <summary>Whether builds merge into the folder: then it has their lock, or an entry.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be read.</exception>
    public bool IsStore() => Presence.OfFolder(store) && (StoreLock.IsIn(store) || List().Count > 0);

    /// <summary>Takes an entry away, unless a build uses it or the system does not let it go.</summary>
    /// <returns>Whether it is gone.</returns>
    public static bool TryRemove(EntryPlace place)
    {
        try
        {
            using EntryLease? lease = EntryLease.TryOwn(place);
            if (lease is null)
                return false;
            Delete(place);
            lease.Remove();
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or LoraMergeException)
        {
            return false;
        }
    }

    /// <summary>
    /// Deletes an entry in an order that leaves no half of it, whenever this is killed: the mark, the report, the name, the files. Files that no merge wrote
    /// stay.
    /// </summary>
    /// <exception cref="IOException">A file cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be deleted.</exception>
    public static void Delete(EntryPlace place)
    {
        string folder = place.Folder;
        string[] files = FilesOf(place);
        File.Delete(place.MarkFile);
        KeptReport.Delete(place);
        if (!Presence.OfFolder(folder))
            return;
        string emptied = OwnFiles.In(folder, files).FindForeign() is null ? SetAside(folder) : folder;
        OwnFiles.In(emptied, files).Delete();
    }

    /// <summary>Relative paths of the files that an entry's mark lists; none where it has no mark.</summary>
    public static string[] FilesOf(EntryPlace place) => [.. StoreEntry.TryLoad(place, key: null)?.Files.Select(file => file.RelativePath) ?? []];

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
    /// <param name="maxBytes">Bytes that it may hold.</param>
    /// <param name="exceptFor">The entry that was just made.</param>
    /// <returns>The bytes that are left: more than the limit where the others cannot be taken away now.</returns>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be read.</exception>
    public long Shrink(long maxBytes, string? exceptFor)
    {
        IReadOnlyList<StoredModel> models = List();
        long left = models.Sum(model => model.ByteLength);
        foreach (StoredModel model in models.Reverse().Where(model => model.Name != exceptFor))
        {
            if (left <= maxBytes)
                break;
            if (TryRemove(new EntryPlace(store, model.Name)))
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
    public void Sweep()
    {
        var marked = EntryPlace.AllIn(store).ToHashSet();
        foreach (string folder in Directory.GetDirectories(store).Where(folder => IsPartial(folder) || IsUnmarkedModel(folder)))
            Try(() => OwnFiles.In(folder).Delete());
        foreach (EntryPlace place in EntryPlace.EverUsedIn(store).Where(IsUnmarked))
            EntryLease.TryOwn(place)?.Remove();
        foreach (EntryPlace place in EntryPlace.EverReportedIn(store).Where(IsUnmarked))
            Try(() => KeptReport.Delete(place));
        AtomicFile.DeleteRemains(store, name => EntryPlace.IsMark(name) || EntryPlace.IsReport(name));

        static bool IsPartial(string folder) => PartialName.TargetOf(Path.GetFileName(folder)) is not null;

        bool IsUnmarked(EntryPlace place) => !marked.Contains(place) && Presence.IsSurelyNone(place.MarkFile);

        // Its merge was killed between putting it into its place and marking it.
        bool IsUnmarkedModel(string folder) =>
            Path.GetFileName(folder) is { } name
            && EntryPlace.IsName(name)
            && new EntryPlace(store, name) is var place
            && IsUnmarked(place)
            && PlaceByManifest(folder) == place;
    }

    private EntryPlace? PlaceByManifest(string folder)
    {
        string file = MergeManifest.PathIn(folder);
        EntryPlace? place = null;
        Try(() =>
        {
            if (File.Exists(file) && MergeManifest.Read(file) is { Key.Length: >= EntryPlace.KeyDigitCount } manifest)
                place = EntryPlace.For(store, manifest.Name, manifest.Key);
        });
        return place;
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

    private static StoredModel? Describe(EntryPlace place)
    {
        if (StoreEntry.TryLoad(place, key: null) is not StoreEntry entry)
            return null;
        DateTime lastUsed = EntryLease.LastUse(place) ?? new DateTime(entry.FinishedTicks, DateTimeKind.Utc);
        return new StoredModel(place.Name, entry.Key, entry.Files.Sum(file => file.Stamp.ByteLength), lastUsed, EntryLease.IsHeld(place));
    }
}

/// <summary>A merged model of a store.</summary>
/// <param name="Name">Name of its folder.</param>
/// <param name="Key">Hash of all that decides it.</param>
/// <param name="ByteLength">Bytes of its files.</param>
/// <param name="LastUsed">When a build last asked for it, UTC.</param>
/// <param name="IsInUse">Whether a build uses it now.</param>
internal sealed record StoredModel(string Name, string Key, long ByteLength, DateTime LastUsed, bool IsInUse);
