using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.FileSystem;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Diagnostics;
using LoraMerge.Manifests;
using LoraMerge.Merging;
using LoraMerge.Output;
using LoraMerge.Safetensors;

namespace LoraMerge.Store;

/// <summary>
/// A new entry of a store: merged in a staging folder there, put into the place that its key names, and listed in its <c>.entry</c> file last.
/// </summary>
/// <remarks>
/// Whoever uses it holds the store's lock. An entry of that key that is there already, damaged or to be made anew, stays until the new one is whole and on
/// the disk.
/// </remarks>
internal sealed class StoreDestination : IModelDestination
{
    private readonly string _store;
    private FolderSwap? _swap; // from when it is made, unless it is undone
    private OwnFiles? _earlier;
    private bool _isCommitted;

    public StoreDestination(string store, string modelName)
    {
        _store = store;
        StagingFolder = Path.Combine(store, PartialName.For(modelName));
    }

    /// <inheritdoc/>
    public string StagingFolder { get; }

    /// <inheritdoc/>
    /// <exception cref="LoraMergeException">LORA1109, LORA5020.</exception>
    public void Begin(IEnumerable<string> files) => StagedFolder.Begin(StagingFolder, files);

    /// <inheritdoc/>
    /// <exception cref="LoraMergeException">LORA1103, LORA1109, LORA1142, LORA5020, LORA6052.</exception>
    public string Commit()
    {
        try
        {
            MergeManifest manifest = MergeManifest.Read(MergeManifest.PathIn(StagingFolder));
            var place = EntryPlace.For(_store, manifest.Name, manifest.Key);
            if (TryKeep(place, manifest.Key))
                return place.Folder; // and what was staged goes
            StagedFolder.Complete(StagingFolder);
            StoreEntry entry = Describe(StagingFolder, manifest);
            ThrowIfForeign(place, place.Folder);
            _swap = Put(place);
            Mark(entry, place, _swap);
            _isCommitted = true;
            return place.Folder;
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
            if (_isCommitted)
                _earlier?.Delete();
            else if (_swap is null && Presence.OfFolder(StagingFolder))
                OwnFiles.In(StagingFolder).Delete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or LoraMergeException)
        {
        }
    }

    private void Mark(StoreEntry entry, EntryPlace place, FolderSwap swap)
    {
        try
        {
            _earlier = ThrowIfForeign(place, swap.Earlier);
            DiskFlush.OfFolder(_store);
            entry.Save(place);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or LoraMergeException)
        {
            if (!TryUnmark(place, swap) || !swap.TryUndo())
                throw Errors.OutputNotSettled(place.Folder, e);
            _swap = null;
            throw e is LoraMergeException ? e : Errors.OutputNotWritable(_store, e);
        }
    }

    /// <summary>It may be marked already, where it could not be brought to the disk.</summary>
    private static bool TryUnmark(EntryPlace place, FolderSwap swap)
    {
        try
        {
            if (swap.Earlier is null)
                File.Delete(place.MarkFile);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>A rebuild makes the same bytes again: the entry stays as it is while other builds copy from it.</summary>
    private static bool TryKeep(EntryPlace place, string key)
    {
        if (!EntryLease.IsHeld(place) || StoreEntry.TryLoad(place, key)?.Check(place, CancellationToken.None) is not StoreEntry sound)
            return false;
        (sound with { FinishedTicks = DateTime.UtcNow.Ticks }).Save(place);
        return true;
    }

    /// <param name="place">The entry.</param>
    /// <param name="earlier">Where its earlier model lies; there may be none.</param>
    private static OwnFiles? ThrowIfForeign(EntryPlace place, string? earlier)
    {
        OwnFiles? own = earlier is not null && Presence.OfFolder(earlier) ? OwnFiles.In(earlier, StoreContents.FilesOf(place)) : null;
        return own?.FindForeign() is string foreign ? throw Errors.EntryHoldsForeignFile(place.Folder, foreign) : own;
    }

    private FolderSwap Put(EntryPlace place)
    {
        try
        {
            return FolderSwap.Make(StagingFolder, place.Folder, PartialName.For(place.Folder));
        }
        catch (IOException e) when (ImmovableFolder.IsReasonOf(e))
        {
            StoreContents.Delete(place); // it came with the image of a container: what was in it is lost if this fails, but no half of it counts
            return FolderSwap.Make(StagingFolder, place.Folder, PartialName.For(place.Folder));
        }
    }

    private static StoreEntry Describe(string folder, MergeManifest manifest)
    {
        IEnumerable<StoredFile> files = manifest.Files
            .Append(KeyValuePair.Create(MergeManifest.FileName, ContentHash.OfFile(MergeManifest.PathIn(folder), CancellationToken.None)))
            .OrderBy(file => file.Key, StringComparer.Ordinal)
            .Select(file => new StoredFile(file.Key, FileStamp.Of(Path.Combine(folder, file.Key)), file.Value));
        return new StoreEntry(manifest.Key, DateTime.UtcNow.Ticks, [.. files]);
    }
}
