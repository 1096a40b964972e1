using System.Globalization;
using LoraMerge.Hub.Cache;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Places;
using LoraMerge.Hub.Protocol;

namespace LoraMerge.Hub.Fetching;

/// <summary>Brings the files of a commit that the cache lacks, several at once, each once whoever else fetches it.</summary>
internal sealed class RepositoryDownload(HubEnvironment environment, HubTiming timing, HubCache cache, Lazy<HubClient> client, Action<HubEvent> report)
{
    /// <summary>Says what there is to do, and does it.</summary>
    /// <exception cref="HubException">LORA7010 to LORA7043.</exception>
    public async Task<FetchedRepository> RunAsync(FetchTask task, CancellationToken cancellation)
    {
        List<HubFile> missing = await MissingAsync(task, task.Files, cancellation);
        string size = HubErrors.Bytes(task.Files.Sum(file => file.ByteLength));
        string what = $"{task.Address} is commit {task.Commit[..12]}: {Count(task.Files)}, {size}";
        report(new HubEvent.Information(missing.Count == 0 ? $"{what}, in the cache" : $"{what}; {ToFetch(task, missing)}"));
        await DownloadAsync(task, missing, cancellation);
        cache.KeepKnown();
        return new FetchedRepository(
            task.Address, task.Role, task.Commit, task.Subfolder, cache.Folder.Snapshot(task.Commit, task.Subfolder), task.Files);
    }

    /// <summary>The same without a word, of files that have to be read before the others are known.</summary>
    /// <exception cref="HubException">LORA7010 to LORA7043.</exception>
    public async Task BringAsync(FetchTask task, IReadOnlyList<HubFile> files, CancellationToken cancellation) =>
        await DownloadAsync(task, await MissingAsync(task, files, cancellation), cancellation);

    private async Task<List<HubFile>> MissingAsync(FetchTask task, IReadOnlyList<HubFile> files, CancellationToken cancellation)
    {
        List<HubFile> missing = [];
        foreach (HubFile file in files)
        {
            if (!await cache.HasAsync(task.Commit, file, cancellation))
                missing.Add(file);
        }
        if (missing.Count > 0 && environment.IsOffline)
            throw HubErrors.Offline(task.Address, $"the cache lacks {Names(missing)}, or has it damaged");
        return missing;
    }

    private string ToFetch(FetchTask task, List<HubFile> missing)
    {
        if (missing.FirstOrDefault(file => file.ByteLength > HubProtocol.LargestFile) is { } large)
            throw HubErrors.FileTooLarge(task.Address, large);
        long needed = missing.DistinctBy(file => file.Hash).Sum(file => file.ByteLength - LengthOf(cache.PartialOf(file)));
        long? free = FreeSpace();
        if (free < needed)
            throw HubErrors.CacheTooSmall(task.Address, environment.CacheFolder, needed, free.Value);
        string room = free is long there ? $" ({HubErrors.Bytes(there)} are free in {environment.CacheFolder})" : "";
        return $"to be fetched: {Count(missing)}, {HubErrors.Bytes(needed)}{room}";
    }

    private async Task DownloadAsync(FetchTask task, List<HubFile> missing, CancellationToken cancellation)
    {
        if (missing.Count == 0)
            return;
        cache.Prepare();
        var options = new ParallelOptions { MaxDegreeOfParallelism = HubProtocol.ParallelFiles, CancellationToken = cancellation };
        await Parallel.ForEachAsync(
            missing.GroupBy(file => file.Hash), options, (same, stop) => new ValueTask(DownloadOnceAsync(task, [.. same], stop)));
    }

    /// <summary>Files of equal contents are fetched once.</summary>
    private async Task DownloadOnceAsync(FetchTask task, HubFile[] same, CancellationToken cancellation)
    {
        HubFile file = same[0];
        void TellWait() => report(new HubEvent.Information($"  {file.Path}: waiting for another process that fetches it"));
        using IDisposable? taken = await ContentLock.TakeAsync(cache.Folder.Lock(file.Hash), timing.LockInterval, TellWait, cancellation);
        if (!await cache.HasAsync(task.Commit, file, cancellation)) // another process may have had the lock
        {
            var progress = new FileProgress(file, timing.ProgressInterval, report);
            var download = new FileDownload(client.Value, task.Address, task.Commit, file, cache.PartialOf(file), progress.Report);
            cache.Enter(task.Commit, file, await download.RunAsync(cancellation), isNew: true);
            report(new HubEvent.Information($"  {file.Path}: {HubErrors.Bytes(file.ByteLength)}"));
        }
        string blob = cache.Folder.Blob(file.Hash);
        string contents = File.Exists(blob) ? blob : cache.Folder.File(task.Commit, file.Path);
        foreach (HubFile other in same.Skip(1))
            cache.Enter(task.Commit, other, contents, isNew: false);
    }

    private long? FreeSpace()
    {
        string folder = environment.CacheFolder;
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is string parent)
            folder = parent;
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception fault) when (fault is ArgumentException or IOException or UnauthorizedAccessException)
        {
            return null; // the system does not tell, as of Windows' network folders
        }
    }

    private static long LengthOf(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;

    private static string Names(List<HubFile> missing) => $"'{missing[0].Path}'{(missing.Count > 1 ? $" and {Count(missing[1..])} more" : "")}";

    private static string Count(IReadOnlyCollection<HubFile> files) =>
        string.Create(CultureInfo.InvariantCulture, $"{files.Count} {(files.Count == 1 ? "file" : "files")}");
}
