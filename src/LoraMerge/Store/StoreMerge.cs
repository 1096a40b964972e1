using System.Collections.Immutable;
using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Diagnostics;
using LoraMerge.Manifests;
using LoraMerge.Merging;
using LoraMerge.Requests;
using LoraMerge.Reuse;
using LoraMerge.Writing;

namespace LoraMerge.Store;

/// <summary>A merge into the store of a build: done only where the store has no entry for what the inputs are now.</summary>
/// <param name="Store">Folder of the store.</param>
/// <param name="StateFile">File that remembers what the inputs were.</param>
/// <param name="NewerThan">Entries that were finished before this time (UTC) are merged again; null to take any.</param>
internal sealed record StoreRequest(string Store, string StateFile, DateTime? NewerThan)
{
    /// <summary>Bytes that the store may hold; models that were used longest ago make room. Null for no limit.</summary>
    public ByteSize? MaxSize { get; init; }
}

/// <summary>Carries out a <see cref="StoreRequest"/> under the store's lock.</summary>
internal sealed class StoreMerge(MergeRequest request, StoreRequest into, Action<MergeEvent> report)
{
    private readonly string _store = Path.GetFullPath(into.Store);
    private readonly string _stateFile = Path.GetFullPath(into.StateFile);

    public async Task<MergeResult> RunAsync(
        Func<OpenedInputs, InputHashes, IModelDestination, EarlierModels, MergeResult> merge,
        CancellationToken cancellation
    )
    {
        using StoreLock taken = await StoreLock.TakeAsync(_store, report, cancellation);
        Sweep();
        OpenedInputs inputs = OpenedInputs.Open(request);
        InputSnapshot snapshot = inputs.Snapshot;
        InputHashes known = KnownHashes(snapshot, inputs.Name, cancellation);
        if (FindEntry(inputs, snapshot, known, cancellation) is not MergeResult result)
        {
            using var destination = new StoreDestination(_store, inputs.Name);
            var earlier = new EarlierModels(_store, inputs.Name, MayBeUsed: into.NewerThan is null);
            result = await Task.Run(() => merge(inputs, known, destination, earlier), cancellation);
            Record(snapshot, result.Manifest, known.With(HashesOf(snapshot, result.Manifest)).Complete(snapshot.Roots, cancellation));
        }
        RemoveUnused(EntryPlace.For(_store, inputs.Name, result.Manifest.Key));
        return result;
    }

    private void Sweep()
    {
        try
        {
            new StoreContents(_store).Sweep();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(_store, e);
        }
    }

    /// <summary>What the state file knows; and everything, where the store may have the model already. Otherwise the merge hashes while it reads.</summary>
    private InputHashes KnownHashes(InputSnapshot snapshot, string name, CancellationToken cancellation)
    {
        StateFile? state = StateFile.TryLoad(_stateFile);
        InputHashes known = InputHashes.None.With(
            from root in snapshot.Roots
            from file in root.Files
            let hash = state?.KnownHash(root, file)
            where hash is not null
            select KeyValuePair.Create(file.FullPath, hash));
        return EarlierModels.PlacesIn(_store, name).Count > 0
            ? InputHashes.None.With(known.Complete(snapshot.Roots, cancellation).Select(input => KeyValuePair.Create(input.File.FullPath, input.Hash)))
            : known;
    }

    /// <summary>An entry that another build finished while this one waited, or that a restored store holds.</summary>
    private MergeResult? FindEntry(OpenedInputs inputs, InputSnapshot snapshot, InputHashes known, CancellationToken cancellation)
    {
        if (snapshot.Roots.SelectMany(root => root.Files).Any(file => known.Find(file.FullPath) is null))
            return null;
        ImmutableArray<HashedInput> hashed = known.Complete(snapshot.Roots, cancellation);
        string key = ModelKey.Compute(ToolVersion.Current, inputs.Options, hashed);
        var place = EntryPlace.For(_store, inputs.Name, key);
        StoreEntry? entry = StoreEntry.TryLoad(place, key);
        if (entry is null || (into.NewerThan is DateTime time && entry.FinishedTicks < time.Ticks))
            return null;
        if (TryCheck(entry, place, cancellation) is not StoreEntry sound)
            return null;
        string folder = place.Folder;
        MergeManifest manifest = MergeManifest.Read(MergeManifest.PathIn(folder));
        Record(snapshot, manifest, hashed);
        return new MergeResult(folder, manifest, sound.Files.Sum(file => file.Stamp.ByteLength));
    }

    /// <summary>An entry whose files cannot be read is no use; it is merged again.</summary>
    private static StoreEntry? TryCheck(StoreEntry entry, EntryPlace place, CancellationToken cancellation)
    {
        StoreEntry? sound;
        try
        {
            sound = entry.Check(place, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        try
        {
            if (sound is not null && !ReferenceEquals(sound, entry))
                sound.Save(place);
            return sound;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(place.MarkFile, e);
        }
    }

    private void Record(InputSnapshot snapshot, MergeManifest manifest, ImmutableArray<HashedInput> hashed)
    {
        var place = EntryPlace.For(_store, manifest.Name, manifest.Key);
        try
        {
            StateFile.Create(_stateFile, snapshot.Taken.Ticks, manifest.Key, place.Name, hashed).Save();
            new StoreUsers(_store).Record(_stateFile, place.Name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.StateNotWritable(_stateFile, place.Folder, e);
        }
    }

    /// <summary>An entry that is still open somewhere stays until the next merge.</summary>
    private void RemoveUnused(EntryPlace made)
    {
        try
        {
            foreach (EntryPlace unused in new StoreUsers(_store).FindUnused().Where(place => place != made))
                StoreContents.TryRemove(unused);
            if (into.MaxSize is ByteSize most && new StoreContents(_store).Shrink(most.Bytes, exceptFor: made.Name) is var left && left > most.Bytes)
                report(
                    new MergeEvent.Information(
                        $"The store of merged models holds {Errors.Bytes(left)}, more than its limit of {most.Text}: the rest is in use, or cannot be "
                            + "taken away."
                    )
                );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> HashesOf(InputSnapshot snapshot, MergeManifest manifest) =>
        from root in snapshot.Roots.Select((root, i) => (root.Files, Hashes: i == 0 ? manifest.Base.Files : manifest.Adapters[i - 1].Files))
        from file in root.Files
        select KeyValuePair.Create(file.FullPath, root.Hashes[file.RelativePath]);
}
