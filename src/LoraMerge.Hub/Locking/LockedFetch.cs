using System.Collections.Immutable;
using LoraMerge.Hub.Cache;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Places;
using LoraMerge.Hub.Protocol;

namespace LoraMerge.Hub.Locking;

/// <summary>
/// Fetches what a project names, as its lock file says. What the file lacks is asked of the hub and added; or, in locked mode, an error. Where file and hub
/// disagree, that is known before anything is downloaded.
/// </summary>
public sealed class LockedFetch
{
    private readonly HubEnvironment _environment;
    private readonly string _version;
    private readonly string _path;
    private readonly Action<string, HubEvent> _report;
    private readonly HubTiming _timing;
    private readonly List<(string, HubException)> _faults = [];
    private string _current = "";
    private bool _isListUnknown;
    private int _added;

    /// <param name="environment">Hub, cache and token.</param>
    /// <param name="version">Version of LoraMerge.Build, for the hub's logs.</param>
    /// <param name="path">Absolute path of the lock file, which need not be there.</param>
    /// <param name="report">Told what happens, with the address that is fetched; called by one thread at a time.</param>
    public LockedFetch(HubEnvironment environment, string version, string path, Action<string, HubEvent> report)
        : this(environment, version, path, report, new HubTiming())
    {
    }

    internal LockedFetch(HubEnvironment environment, string version, string path, Action<string, HubEvent> report, HubTiming timing)
    {
        _environment = environment;
        _version = version;
        _path = path;
        _report = report;
        _timing = timing;
    }

    /// <summary>
    /// Whether an address of the lock file whose files are not all in the cache need not be fetched; gets what would have been. For builds that find what was
    /// merged of it in a store.
    /// </summary>
    public Func<FetchedRepository, bool> IsSpared { get; init; } = _ => false;

    /// <summary>Whether all that was fetched is in the lock file; not where the hub could not be asked for it.</summary>
    public bool IsAllLocked { get; private set; } = true;

    /// <param name="wanted">Addresses as they are written, each as a base or as an adapter.</param>
    /// <param name="isLockedMode">Whether the lock file has to have all of it, and is never written.</param>
    /// <param name="cancellation">Keeps what has come.</param>
    /// <returns>In the same order.</returns>
    /// <exception cref="FetchFaultsException">LORA7001 to LORA7054.</exception>
    public async Task<IReadOnlyList<FetchedRepository>> FetchAsync(
        IReadOnlyList<(string Address, HubRole Role)> wanted, bool isLockedMode, CancellationToken cancellation)
    {
        LockFile file = Open();
        List<HubWish> wishes = [];
        foreach ((string address, HubRole role) in wanted.Distinct())
        {
            await TryAsync(address, () =>
            {
                wishes.Add(new HubWish(HubAddress.Parse(address), role));
                return Task.CompletedTask;
            });
        }
        HubWish[] pinned = [.. wishes.Select(wish => Pinned(file, wish, isLockedMode))];
        ThrowIfAnyFault();
        Dictionary<HubWish, FetchedRepository> spared = await ThrowIfHubDiffersAsync([.. pinned.Where(wish => wish.Pins is not null)], cancellation);
        using var fetcher = new HubFetcher(_environment, _version, Report, _timing);
        List<FetchedRepository> fetched = [];
        foreach (HubWish wish in pinned)
            await TryAsync(wish.Address.Text, async () => fetched.Add(spared.GetValueOrDefault(wish) ?? await FetchAsync(fetcher, wish, cancellation)));
        ThrowIfAnyFault();
        if (_added > 0)
            Report(new HubEvent.Information($"Locked {(_added == 1 ? "1 address" : $"{_added} addresses")} in {_path}: commit that file with the project"));
        return fetched;
    }

    /// <summary>Asks the hub what the addresses of the lock file are now, fetches that, and writes it down.</summary>
    /// <param name="addresses">Which; none for all of the file.</param>
    /// <param name="cancellation">Keeps what has come; the lock file stays as it was.</param>
    /// <exception cref="FetchFaultsException">LORA7001 to LORA7054.</exception>
    public async Task<IReadOnlyList<FetchedRepository>> UpdateAsync(IReadOnlyList<HubAddress> addresses, CancellationToken cancellation)
    {
        LockFile file = Open();
        HubAddress[] meant = [.. addresses.Count > 0 ? addresses : file.Models.Keys.Select(HubAddress.Parse)];
        foreach (HubAddress address in meant.Where(address => !file.Models.ContainsKey(address.Text)))
            _faults.Add((address.Text, LockErrors.AddressUnknown(address, _path)));
        if (meant.Length == 0)
            _faults.Add((_path, LockErrors.NothingLocked(_path, file.Exists)));
        ThrowIfAnyFault();
        using var fetcher = new HubFetcher(_environment, _version, Report, _timing);
        List<FetchedRepository> fetched = [], sure = [];
        foreach (HubAddress address in meant)
        {
            await TryAsync(address.Text, async () =>
            {
                FetchedRepository one = await FetchCompleteAsync(fetcher, new HubWish(address, file.Models[address.Text].Role), cancellation);
                fetched.Add(one);
                if (IsLockable(one))
                    sure.Add(one);
                else
                    Report(LockErrors.NotLocked(address, _path));
            });
        }
        ThrowIfAnyFault();
        await TryAsync(_path, () => LockFile.ChangeAsync(
            _path, models => models.SetItems(sure.Select(one => KeyValuePair.Create(one.Address.Text, new LockedModel(one.Role, one.Pins)))), cancellation));
        ThrowIfAnyFault();
        foreach (FetchedRepository one in sure)
        {
            string before = file.Models[one.Address.Text].Pins.Commit;
            Report(new HubEvent.Information($"{one.Address} is locked at {one.Commit}, {(before == one.Commit ? "as before" : $"before at {before}")}"));
        }
        return fetched;
    }

    private LockFile Open()
    {
        try
        {
            return LockFile.Read(_path);
        }
        catch (HubException fault)
        {
            throw new FetchFaultsException([(_path, fault)]);
        }
    }

    /// <summary>The wish with what the lock file says of it; noted where that is not what is wanted.</summary>
    private HubWish Pinned(LockFile file, HubWish wish, bool isLockedMode)
    {
        HubException? fault = null;
        if (!file.Models.TryGetValue(wish.Address.Text, out LockedModel? locked))
            fault = !isLockedMode ? null : file.Exists ? LockErrors.AddressMissing(wish.Address, _path) : LockErrors.FileMissing(wish.Address, _path);
        else if (locked.Role != wish.Role)
            fault = LockErrors.RoleDiffers(wish.Address, _path, locked.Role == HubRole.Adapter);
        else
            fault = FindLack(wish.Address, locked, index: null);
        if (fault is not null)
            _faults.Add((wish.Address.Text, fault));
        return wish with { Pins = locked?.Pins };
    }

    /// <param name="address">The address.</param>
    /// <param name="locked">What the lock file says of it.</param>
    /// <param name="index">Path of the index on disk, whose shards have to be locked; null where it is not there yet.</param>
    private HubException? FindLack(HubAddress address, LockedModel locked, string? index)
    {
        try
        {
            HubSelection selection = HubSelection.Of(address.Text, locked.Pins.Files, locked.Pins.Subfolder, locked.Role);
            if (index is not null)
                selection.Files(index);
            return null;
        }
        catch (HubException fault)
        {
            return LockErrors.Incomplete(address, _path, fault.Message.TrimEnd('.'));
        }
    }

    /// <summary>
    /// The hub's list is held to the lock file's where the cache has kept it, or where something has to be downloaded: that costs a request, and may save
    /// gigabytes.
    /// </summary>
    /// <returns>What need not be fetched.</returns>
    private async Task<Dictionary<HubWish, FetchedRepository>> ThrowIfHubDiffersAsync(HubWish[] pinned, CancellationToken cancellation)
    {
        Dictionary<HubWish, FetchedRepository> spared = [];
        using var client = new HubClient(_environment, _version, _timing, Report);
        foreach (HubWish wish in pinned)
        {
            await TryAsync(wish.Address.Text, async () =>
            {
                var cache = new HubCache(_environment, wish.Address);
                bool isComplete = true;
                foreach (HubFile file in wish.Pins!.Files)
                    isComplete &= await cache.HasAsync(wish.Pins.Commit, file, cancellation);
                cache.KeepKnown();
                if (!isComplete && Described(cache, wish) is var missing && IsSpared(missing))
                {
                    spared.Add(wish, missing);
                    return;
                }
                bool mayAsk = !isComplete && !_environment.IsOffline;
                IReadOnlyList<HubFile>? there = cache.ReadList(wish.Address, wish.Pins.Commit)
                    ?? (mayAsk ? await client.ListAsync(wish.Address, wish.Pins.Commit, cancellation) : null);
                if (there is not null && FindDifference(wish.Pins.Files, there) is string difference)
                    throw LockErrors.Differs(wish.Address, _path, wish.Pins.Commit, difference);
            });
        }
        ThrowIfAnyFault();
        return spared;
    }

    private static FetchedRepository Described(HubCache cache, HubWish wish) => new(
        wish.Address, wish.Role, wish.Pins!.Commit, wish.Pins.Subfolder, cache.Folder.Snapshot(wish.Pins.Commit, wish.Pins.Subfolder), wish.Pins.Files);

    private static string? FindDifference(IReadOnlyList<HubFile> locked, IReadOnlyList<HubFile> there)
    {
        Dictionary<string, HubFile> found = there.ToDictionary(file => file.Path, StringComparer.Ordinal);
        return locked.Select(file => !found.TryGetValue(file.Path, out HubFile? of) ? $"the hub has no file '{file.Path}'"
            : of.ByteLength != file.ByteLength
                ? FormattableString.Invariant($"'{file.Path}' is locked with {file.ByteLength} bytes, the hub has {of.ByteLength}")
            : of.Hash != file.Hash ? $"'{file.Path}' is locked with the hash {file.Hash}, the hub has {of.Hash}"
            : null).FirstOrDefault(difference => difference is not null);
    }

    private async Task<FetchedRepository> FetchAsync(HubFetcher fetcher, HubWish wish, CancellationToken cancellation)
    {
        FetchedRepository fetched = await FetchCompleteAsync(fetcher, wish, cancellation);
        if (wish.Pins is not null)
            return fetched;
        if (!IsLockable(fetched))
        {
            IsAllLocked = false;
            Report(LockErrors.NotLocked(wish.Address, _path));
            return fetched;
        }
        var model = new LockedModel(fetched.Role, fetched.Pins);
        LockFile file = await LockFile.ChangeAsync(
            _path, models => models.ContainsKey(wish.Address.Text) ? models : models.Add(wish.Address.Text, model), cancellation);
        LockedModel written = file.Models[wish.Address.Text];
        _added++;
        // Another build may have written it meanwhile, and a branch may have moved between the two.
        return written.Says(model) ? fetched
            : written.Role != wish.Role ? throw LockErrors.RoleDiffers(wish.Address, _path, written.Role == HubRole.Adapter)
            : await FetchCompleteAsync(fetcher, wish with { Pins = written.Pins }, cancellation);
    }

    private async Task<FetchedRepository> FetchCompleteAsync(HubFetcher fetcher, HubWish wish, CancellationToken cancellation)
    {
        _isListUnknown = false;
        FetchedRepository fetched = await fetcher.FetchAsync(wish.Address, wish.Role, wish.Pins, cancellation);
        if (wish.Pins is not null)
        {
            HubSelection selection = HubSelection.Of(wish.Address.Text, wish.Pins.Files, wish.Pins.Subfolder, wish.Role);
            string? index = selection.Index is HubFile file ? new HubFolder(_environment.CacheFolder, wish.Address.Id).File(wish.Pins.Commit, file.Path) : null;
            if (index is not null && FindLack(wish.Address, new LockedModel(wish.Role, wish.Pins), index) is HubException lack)
                throw lack;
        }
        return fetched;
    }

    /// <summary>Whether all is known that a lock file says of what was fetched last.</summary>
    private bool IsLockable(FetchedRepository fetched) => !_isListUnknown && fetched.Files.All(file => HubNames.IsHash(file.Hash));

    /// <param name="origin">The address or the file that it is about.</param>
    /// <param name="act">What may fail.</param>
    private async Task TryAsync(string origin, Func<Task> act)
    {
        _current = origin;
        try
        {
            await act();
        }
        catch (HubException fault)
        {
            bool isOfFile = fault.Code is HubCode.LockFileUnsound or HubCode.LockFileNotAccessible;
            _faults.Add((isOfFile ? _path : origin, fault));
        }
    }

    private void Report(HubEvent happened)
    {
        _isListUnknown |= happened is HubEvent.Warning { Code: HubCode.ListUnknown };
        _report(_current, happened);
    }

    private void ThrowIfAnyFault()
    {
        if (_faults.Count > 0)
            throw new FetchFaultsException([.. _faults.DistinctBy(fault => (fault.Item1, fault.Item2.Message))]);
    }
}
