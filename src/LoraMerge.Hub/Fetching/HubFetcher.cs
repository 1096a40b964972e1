using LoraMerge.Hub.Cache;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Places;
using LoraMerge.Hub.Protocol;

namespace LoraMerge.Hub.Fetching;

/// <summary>Fetches what a merge needs of a repository into the cache, or finds it there.</summary>
public sealed class HubFetcher : IDisposable
{
    private readonly HubEnvironment _environment;
    private readonly HubTiming _timing;
    private readonly Action<HubEvent> _report;
    private readonly Lock _reporting = new();
    private readonly Lazy<HubClient> _client;

    /// <param name="environment">Hub, cache and token.</param>
    /// <param name="version">Version of LoraMerge.Build, for the hub's logs.</param>
    /// <param name="report">Told what happens; called by one thread at a time.</param>
    public HubFetcher(HubEnvironment environment, string version, Action<HubEvent>? report = null)
        : this(environment, version, report, new HubTiming())
    {
    }

    internal HubFetcher(HubEnvironment environment, string version, Action<HubEvent>? report, HubTiming timing)
    {
        _environment = environment;
        _timing = timing;
        _report = happened =>
        {
            lock (_reporting)
                report?.Invoke(happened);
        };
        _client = new Lazy<HubClient>(() => new HubClient(environment, version, timing, _report));
    }

    /// <summary>With pins, no request is made where the cache has all that they name.</summary>
    /// <param name="address">What is wanted.</param>
    /// <param name="role">As what.</param>
    /// <param name="pins">What a lock file says of it; null to ask the hub.</param>
    /// <param name="cancellation">Keeps what has come.</param>
    /// <exception cref="HubException">LORA7003 to LORA7043.</exception>
    public async Task<FetchedRepository> FetchAsync(HubAddress address, HubRole role, HubPins? pins, CancellationToken cancellation)
    {
        var cache = new HubCache(_environment, address);
        if (pins is not null)
            return await FetchPinnedAsync(cache, address, role, pins, cancellation);
        if (_environment.IsOffline)
            return await FetchOfflineAsync(cache, address, role, cancellation);
        FoundCommit found;
        FoundCommit? cached = FindCached(cache, address);
        try
        {
            found = await FindCommitAsync(cache, address, isPatient: cached is null, cancellation);
        }
        catch (HubException fault) when (fault.IsPassing && cached is not null)
        {
            if (await TryTakeAsync(cache, address, role, cached, cancellation) is { } whole)
            {
                _report(HubErrors.UsingCached(address, cached.Commit, fault));
                return whole;
            }
            found = await FindCommitAsync(cache, address, isPatient: true, cancellation);
        }
        FetchedRepository fetched = await FetchAsync(cache, address, role, found, cancellation);
        cache.WriteList(found.Commit, found.Files);
        cache.WriteRef(found.Reading.Revision, found.Commit); // last: offline, it stands for a commit whose files are there
        return fetched;
    }

    /// <summary>Fetches several one after the other. What is wrong with one hides nothing of the others.</summary>
    /// <exception cref="HubException">Of the first that failed, with those of the others.</exception>
    public async Task<IReadOnlyList<FetchedRepository>> FetchAllAsync(IEnumerable<HubWish> wishes, CancellationToken cancellation)
    {
        List<FetchedRepository> fetched = [];
        List<HubException> faults = [];
        foreach (HubWish wish in wishes)
        {
            try
            {
                fetched.Add(await FetchAsync(wish.Address, wish.Role, wish.Pins, cancellation));
            }
            catch (HubException fault)
            {
                faults.Add(fault);
            }
        }
        return faults.Count == 0 ? fetched : throw HubErrors.All(faults);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_client.IsValueCreated)
            _client.Value.Dispose();
    }

    private async Task<FetchedRepository> FetchPinnedAsync(
        HubCache cache, HubAddress address, HubRole role, HubPins pins, CancellationToken cancellation)
    {
        if (!HubNames.IsCommit(pins.Commit))
            throw HubErrors.PinDiffers(address, $"'{pins.Commit}' is no commit");
        var files = new HubListing(address);
        foreach (HubFile file in pins.Files)
            files.Add(file);
        IReadOnlyList<HubFile> sound = files.ToList();
        if (sound.Any(file => pins.Subfolder.Length > 0 && !file.Path.StartsWith(pins.Subfolder + "/", StringComparison.Ordinal)))
            throw HubErrors.PinDiffers(address, $"files outside of '{pins.Subfolder}' are named");
        if (role == HubRole.Auto)
            role = sound.Any(file => Path.GetFileName(file.Path) == DialectFiles.Peft.Config) ? HubRole.Adapter : HubRole.Base;
        try
        {
            return await Download(cache).RunAsync(new FetchTask(address, role, pins.Commit, pins.Subfolder, sound), cancellation);
        }
        catch (HubException fault) when (fault.Code is HubCode.ContentDiffers or HubCode.EntryNotFound)
        {
            throw HubErrors.PinDiffers(address, fault.Message.TrimEnd('.'));
        }
    }

    private async Task<FoundCommit> FindCommitAsync(HubCache cache, HubAddress address, bool isPatient, CancellationToken cancellation)
    {
        // One reading, mostly. Of several, one that was right before is asked for first.
        foreach (HubReading reading in address.Readings.OrderBy(reading => cache.ReadRef(reading.Revision) is null))
        {
            try
            {
                string commit = HubNames.IsCommit(reading.Revision) ? reading.Revision
                    : await _client.Value.CommitOfAsync(address, reading.Revision, isPatient, cancellation);
                return new FoundCommit(
                    reading, commit, cache.ReadList(address, commit) ?? await _client.Value.ListAsync(address, commit, cancellation));
            }
            catch (HubException fault) when (fault.Code == HubCode.RevisionNotFound)
            {
                // Perhaps another reading is.
            }
        }
        throw HubErrors.RevisionNotFound(address, address.Readings.Select(reading => reading.Revision));
    }

    /// <summary>What the cache has of an address without asking; null where it has nothing.</summary>
    private static FoundCommit? FindCached(HubCache cache, HubAddress address)
    {
        foreach (HubReading reading in address.Readings)
        {
            if (cache.ReadRef(reading.Revision) is not string commit || !Directory.Exists(cache.Folder.Snapshot(commit)))
                continue;
            IReadOnlyList<HubFile>? list = cache.ReadList(address, commit);
            return new FoundCommit(reading, commit, list ?? cache.ListSnapshot(commit)) { IsListKnown = list is not null };
        }
        return null;
    }

    private async Task<FetchedRepository> FetchOfflineAsync(HubCache cache, HubAddress address, HubRole role, CancellationToken cancellation)
    {
        if (FindCached(cache, address) is not { } found)
            throw HubErrors.Offline(address, $"the cache '{_environment.CacheFolder}' does not have it");
        try
        {
            return await FetchAsync(cache, address, role, found, cancellation);
        }
        catch (HubException fault) when (!found.IsListKnown && fault.Code is HubCode.FileMissing or HubCode.RoleMismatch)
        {
            throw HubErrors.Offline(address, $"the cache has a part of it only ({fault.Message.TrimEnd('.')})");
        }
    }

    /// <returns>Null where the cache lacks something.</returns>
    private async Task<FetchedRepository?> TryTakeAsync(
        HubCache cache, HubAddress address, HubRole role, FoundCommit found, CancellationToken cancellation)
    {
        using var offline = new HubFetcher(_environment.WithoutRequests(), "", happened => _report(happened), _timing);
        try
        {
            return await offline.FetchAsync(cache, address, role, found, cancellation);
        }
        catch (HubException)
        {
            return null; // that the hub did not answer is told
        }
    }

    private async Task<FetchedRepository> FetchAsync(HubCache cache, HubAddress address, HubRole role, FoundCommit found, CancellationToken cancellation)
    {
        string subfolder = found.Reading.Subfolder;
        HubSelection selection = HubSelection.Of(address.Text, found.Files, subfolder, role);
        var task = new FetchTask(address, selection.Role, found.Commit, subfolder, []);
        RepositoryDownload download = Download(cache);
        if (selection.Index is HubFile index)
            await download.BringAsync(task, [index], cancellation);
        IReadOnlyList<HubFile> files = selection.Files(selection.Index is HubFile there ? cache.Folder.File(found.Commit, there.Path) : null);
        if (!found.IsListKnown)
            _report(HubErrors.ListUnknown(address, found.Commit));
        return await download.RunAsync(task with { Files = files }, cancellation);
    }

    private RepositoryDownload Download(HubCache cache) => new(_environment, _timing, cache, _client, _report);

    /// <summary>A commit whose files are known.</summary>
    private sealed record FoundCommit(HubReading Reading, string Commit, IReadOnlyList<HubFile> Files)
    {
        /// <summary>Whether <see cref="Files"/> are all that it has, not only what lies in the cache.</summary>
        public bool IsListKnown { get; init; } = true;
    }
}
