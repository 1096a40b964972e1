using LoraMerge.Agreed.FileSystem;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Agreed.Options;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace LoraMerge.Build;

/// <summary>
/// Fetches the addresses of a project as its lock file says, in a process of its own. Where all of them are there as they were, none is started and nobody
/// is asked.
/// </summary>
[MSBuildMultiThreadableTask]
public sealed class RestoreLoraModels : WorkerTask
{
    /// <summary>All LoraBaseModel items; those that are no addresses are passed over.</summary>
    public ITaskItem[] BaseModels { get; set; } = [];

    /// <summary>All LoraAdapter items; those that are no addresses are passed over.</summary>
    public ITaskItem[] Adapters { get; set; } = [];

    /// <summary>Absolute path of the lock file.</summary>
    [Required]
    public string LockFile { get; set; } = "";

    /// <summary>LoraMergeLockedMode.</summary>
    public string? LockedMode { get; set; }

    /// <summary>Absolute path of the file that remembers what was fetched.</summary>
    [Required]
    public string FetchedPath { get; set; } = "";

    /// <summary>The variables of the environment that choose the cache's folder; none of them is a secret.</summary>
    public string? CacheVariables { get; set; }

    /// <summary>
    /// Folder of merged models, before a merge: what they were made of need not be fetched, as long as a model that is asked for is among them. Empty to fetch
    /// all.
    /// </summary>
    public string? Store { get; set; }

    /// <summary>What this build remembers, to be deleted by Clean.</summary>
    [Output]
    public ITaskItem[] StateFiles { get; private set; } = [];

    /// <summary>Where the arguments of the fetch lie that left a file.</summary>
    internal static string ResponseFileOf(string fetchedPath) => fetchedPath + ".rsp";

    /// <inheritdoc/>
    public override bool Execute()
    {
        var faults = new FaultLog(Log, ProjectFile);
        ITaskItem[] bases = AddressesIn(BaseModels), adapters = AddressesIn(Adapters);
        if (bases.Length + adapters.Length == 0)
            return true;
        OptionValues options = ProjectOptions.Read(new Dictionary<string, string?> { ["LoraMergeLockedMode"] = LockedMode }, faults);
        foreach (ITaskItem broken in bases.Concat(adapters).Where(item => item.ItemSpec.IndexOfAny(['\n', '\r']) >= 0))
            faults.Error(broken, BuildErrors.LineBreak($"'{broken.ItemSpec}'"));
        if (faults.HasErrors)
            return false;
        try
        {
            ITaskItem[] missing = FindMissing(bases, adapters);
            if (missing.Length > 0 && (NoBuild || FailIfNotIncremental))
            {
                foreach (ITaskItem item in missing)
                    faults.Error(item, BuildErrors.NotFetched(item.ItemSpec));
            }
            else if (missing.Length > 0)
                Restore(bases, adapters, options.IsOn(OptionTable.LockedMode), faults);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            faults.Error(null, BuildErrors.Unwritable(ResponseFile, FileFault.Reason(fault)));
        }
        StateFiles = [.. ((string[])[FetchedPath, ResponseFile]).Where(File.Exists).Select(path => new TaskItem(EscapedText.Of(path)))];
        return !faults.HasErrors && !Cancellation.IsCancellationRequested;
    }

    private string ResponseFile => ResponseFileOf(FetchedPath);

    private string Variables => ContentHash.OfText(CacheVariables ?? "");

    private static ITaskItem[] AddressesIn(ITaskItem[] items) => [.. items.Where(item => AddressScheme.Begins(item.ItemSpec))];

    /// <summary>Those that are not there as they were; all of them where the lock file is another.</summary>
    private ITaskItem[] FindMissing(ITaskItem[] bases, ITaskItem[] adapters)
    {
        FetchedFile? known = FetchedFile.TryLoad(FetchedPath);
        if (known?.Variables != Variables || known.LockHash == FetchedFile.NoLock || known.LockHash != HashOfLock())
            return [.. bases, .. adapters];
        return
        [
            .. bases.Where(item => !IsThere(known.Find(InputRole.Base, item.ItemSpec))),
            .. adapters.Where(item => !IsThere(known.Find(InputRole.Adapter, item.ItemSpec))),
        ];
    }

    private bool IsThere(FetchedFile.Input? input) => input?.IsThere() == true && (!input.IsLeftToStore || Store is { Length: > 0 });

    private string? HashOfLock()
    {
        try
        {
            return FetchedFile.HashOfLock(LockFile);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null; // the worker says what is wrong
        }
    }

    private void Restore(ITaskItem[] bases, ITaskItem[] adapters, bool isLockedMode, FaultLog faults)
    {
        if (FindHost(faults) is not { } host)
            return;
        AtomicFile.WriteLines(ResponseFile, WorkerArguments.OfRestore(
            bases.Select(item => item.ItemSpec), adapters.Select(item => item.ItemSpec), LockFile, isLockedMode, FetchedPath, Variables, Store));
        Run(host, WorkerJob.Restore(ResponseFile, bases.Concat(adapters)), faults);
    }
}
