using LoraMerge.Diagnostics;
using LoraMerge.Merging;

namespace LoraMerge.Incremental;

/// <summary>A new entry of a store: merged in a staging folder there, renamed to the name of its key, and listed in its <c>.entry</c> file last.</summary>
/// <remarks>Whoever uses it holds the store's lock, so any staging folder that is there already was left by a merge that was killed.</remarks>
internal sealed class StoreDestination : IModelDestination
{
    private readonly string _store;

    private StoreDestination(string store, string stagingFolder)
    {
        _store = store;
        StagingFolder = stagingFolder;
    }

    /// <inheritdoc/>
    public string StagingFolder { get; }

    /// <exception cref="LoraMergeException">LORA1109.</exception>
    public static StoreDestination Create(string store, string modelName)
    {
        try
        {
            StoreContents.Sweep(store);
            string staging = Path.Combine(store, modelName + StoreContents.PartialSuffix);
            Directory.CreateDirectory(staging);
            return new StoreDestination(store, staging);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(store, e);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="LoraMergeException">LORA1109.</exception>
    public string Commit()
    {
        try
        {
            MergeManifest manifest = MergeManifest.Read(Path.Combine(StagingFolder, MergeManifest.FileName));
            string entry = StoreEntry.NameFor(manifest.Name, manifest.Key);
            string folder = StoreEntry.FolderOf(_store, entry);
            if (TryKeep(entry, manifest.Key))
                return folder;
            StoreContents.Delete(_store, entry);
            Directory.Move(StagingFolder, folder);
            Describe(folder, manifest).Save(_store, entry);
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(_store, e);
        }
    }

    /// <summary>What cannot be removed now, the next merge removes.</summary>
    public void Dispose()
    {
        try
        {
            if (Directory.Exists(StagingFolder))
                Directory.Delete(StagingFolder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>A rebuild makes the same bytes again: the entry stays as it is while other builds copy from it.</summary>
    private bool TryKeep(string entry, string key)
    {
        if (!EntryLease.IsHeld(_store, entry) || StoreEntry.TryLoad(_store, entry, key)?.Check(_store, entry, CancellationToken.None) is not StoreEntry sound)
            return false;
        (sound with { FinishedTicks = DateTime.UtcNow.Ticks }).Save(_store, entry);
        return true;
    }

    private static StoreEntry Describe(string folder, MergeManifest manifest)
    {
        IEnumerable<StoredFile> files = manifest.Files
            .Append(KeyValuePair.Create(MergeManifest.FileName, ContentHash.OfFile(Path.Combine(folder, MergeManifest.FileName), CancellationToken.None)))
            .OrderBy(file => file.Key, StringComparer.Ordinal)
            .Select(file => new StoredFile(file.Key, FileStamp.Of(Path.Combine(folder, file.Key)), file.Value));
        return new StoreEntry(manifest.Key, DateTime.UtcNow.Ticks, [.. files]);
    }
}
