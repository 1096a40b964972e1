using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.FileSystem;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Agreed.Options;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace LoraMerge.Build;

/// <summary>Merges what is not up to date, in a process of its own, and returns the files of the merged models.</summary>
[MSBuildMultiThreadableTask]
public sealed class MergeLoraAdapters : WorkerTask
{
    internal const string BaseModelItem = "LoraBaseModel";
    internal const string AdapterItem = "LoraAdapter";

    /// <summary>How often a model is looked for, or merged, that another process takes away before this build can hold it.</summary>
    private const int MostAttempts = 3;

    /// <summary>All LoraBaseModel items.</summary>
    public ITaskItem[] BaseModels { get; set; } = [];

    /// <summary>All LoraAdapter items.</summary>
    public ITaskItem[] Adapters { get; set; } = [];

    /// <summary>Absolute paths of other files that set properties of the project, where they are known.</summary>
    public string[] SettingsFiles { get; set; } = [];

    /// <summary>Absolute paths of the files by which NuGet imports those of packages.</summary>
    public string[] PackageFiles { get; set; } = [];

    /// <summary>Absolute path of the folder of packages.</summary>
    public string? PackageRoot { get; set; }

    /// <summary>Absolute path that the models' names are appended to, for what this build remembers.</summary>
    [Required]
    public string StatePrefix { get; set; } = "";

    /// <summary>Absolute path of the folder with the merged models.</summary>
    [Required]
    public string Store { get; set; } = "";

    /// <summary>Whether the store is the project's own, where models that nothing uses any more are deleted.</summary>
    public bool StoreBelongsToProject { get; set; }

    /// <summary>LoraMergeCacheMaxSize.</summary>
    public string? CacheMaxSize { get; set; }

    /// <summary>The platform that this build runs on, such as linux-x64.</summary>
    public string? HostRuntime { get; set; }

    /// <summary>Absolute path of the folder with libtorch for that platform; empty where its package is not there.</summary>
    public string? RuntimeFolder { get; set; }

    /// <summary>LoraMergeEnabled; the targets do not get here where it is false.</summary>
    public string? Enabled { get; set; }

    /// <summary>LoraMergeLockedMode; checked here, used by <see cref="RestoreLoraModels"/>.</summary>
    public string? LockedMode { get; set; }

    /// <summary>Absolute path of the file that remembers what was fetched for the project.</summary>
    public string? FetchedPath { get; set; }

    /// <summary>LoraMergePublish; checked here, used by the targets.</summary>
    public string? Publish { get; set; }

    /// <summary>LoraMergeUseHardLinks; checked here, used by the targets.</summary>
    public string? UseHardLinks { get; set; }

    /// <summary>LoraMergeConstants; checked here, used by the targets.</summary>
    public string? Constants { get; set; }

    /// <summary>LoraMergeDevice.</summary>
    public string? Device { get; set; }

    /// <summary>LoraMergeThreads.</summary>
    public string? Threads { get; set; }

    /// <summary>LoraMergeMaxMemory.</summary>
    public string? MaxMemory { get; set; }

    /// <summary>LoraMergeVerify.</summary>
    public string? Verify { get; set; }

    /// <summary>LoraMergeModelfile.</summary>
    public string? Modelfile { get; set; }

    /// <summary>LoraMergeReport.</summary>
    public string? Report { get; set; }

    /// <summary>LoraMergeOnUnmatched.</summary>
    public string? OnUnmatched { get; set; }

    /// <summary>Absolute path of the project's output; a file of the store that has to be read is copied there on the way.</summary>
    public string? OutputFolder { get; set; }

    /// <summary>Whether the output gets hard links, which need no reading.</summary>
    public bool MayLink { get; set; }

    /// <summary>What else the project copies to the output or the publish folder, with TargetPath.</summary>
    public ITaskItem[] OtherContent { get; set; } = [];

    /// <summary>Rebuild: merge again what is up to date.</summary>
    public bool Force { get; set; }

    /// <summary>The configuration that is built, for messages.</summary>
    public string Configuration { get; set; } = "Debug";

    /// <summary>The files of all merged models, with TargetPath.</summary>
    [Output]
    public ITaskItem[] MergedFiles { get; private set; } = [];

    /// <summary>What this build remembers, to be deleted by Clean.</summary>
    [Output]
    public ITaskItem[] StateFiles { get; private set; } = [];

    /// <inheritdoc/>
    public override bool Execute()
    {
        var faults = new FaultLog(Log, ProjectFile);
        var files = ProjectFiles.Read(ProjectFile, SettingsFiles);
        RequestedItems.Check(
            files,
            () => ProjectFiles.Read(ProjectFile, PackageFiles, PackageRoot),
            isAnyMissing: BaseModels.Length == 0 || Adapters.Length == 0,
            faults
        );
        if (BaseModels.Length + Adapters.Length == 0)
            return true;
        OptionValues options = ProjectOptions.Read(Properties, faults);
        RequestedProperties.Check(
            files,
            (BuildEngine as IBuildEngine6)?.GetGlobalProperties().Keys ?? [],
            ProjectFile,
            faults
        );
        bool hasAddresses = BaseModels.Concat(Adapters).Any(item => AddressScheme.Begins(item.ItemSpec));
        FetchedFile? fetched = hasAddresses && FetchedPath is { Length: > 0 } file ? FetchedFile.TryLoad(file) : null;
        IReadOnlyList<ModelRequest> requests = new RequestReader(options, faults, fetched).Read(BaseModels, Adapters);
        if (faults.HasErrors)
            return false;

        InputGuard.Check(requests, NoBuild ? null : OutputFolder, [Store, Path.GetDirectoryName(StatePrefix)!], faults);
        var content = new ContentGuard(OtherContent, isPublished: !"false".Equals(Publish?.Trim(), StringComparison.OrdinalIgnoreCase), faults);
        foreach (ModelRequest request in requests)
            content.CheckBeforeMerge(request);
        if (faults.HasErrors)
            return false;

        var store = new ModelStore(Path.GetFullPath(Store), StoreBelongsToProject);
        long? newerThanTicks = Force ? RebuildStart() : null;
        if (!NoBuild && !FailIfNotIncremental && requests.Any(request => request.IsLeftToStore && !IsMerged(request, store, newerThanTicks)))
        {
            if (!FetchAll(faults))
                return false;
            requests = [.. requests.Select(request => request.WhenFetched())];
        }
        List<ITaskItem> merged = [], states = [];
        foreach (ModelRequest request in requests)
        {
            string statePath = $"{StatePrefix}{request.Name}.state";
            try
            {
                if (Provide(request, store, statePath, newerThanTicks, faults) is { } found)
                {
                    ProvideReport(request, found, statePath, faults);
                    content.Check(request, found.Entry.Files.Select(file => file.RelativePath));
                    merged.AddRange(found.Entry.Files.Select(file => ContentItem(request, found, file, ReadsAll(request, store))));
                }
            }
            catch (OperationCanceledException)
            {
                return false;
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                var unreadable = UnreadableInput.Find(request);
                faults.Error(unreadable?.Item, fault is LinkLeadsOutException link
                    ? BuildErrors.InputLeadsOut(link.File, link.Target)
                    : BuildErrors.Unreadable(unreadable?.Path ?? store.Path, FileFault.Reason(fault)));
            }
            states.AddRange(
                ((string[])[statePath, ResponseFile(statePath), OptionsFile.PathFor(statePath), .. ReportRequest.FilesBeside(request, statePath)])
                    .Where(File.Exists)
                    .Select(path => new TaskItem(EscapedText.Of(path)))
            );
        }
        MergedFiles = [.. merged];
        StateFiles = [.. states];
        return !faults.HasErrors && !Cancellation.IsCancellationRequested;
    }

    private Dictionary<string, string?> Properties => new()
    {
        ["LoraMergeEnabled"] = Enabled,
        ["LoraMergeLockedMode"] = LockedMode,
        ["LoraMergePublish"] = Publish,
        ["LoraMergeUseHardLinks"] = UseHardLinks,
        ["LoraMergeConstants"] = Constants,
        ["LoraMergeDevice"] = Device,
        ["LoraMergeThreads"] = Threads,
        ["LoraMergeMaxMemory"] = MaxMemory,
        ["LoraMergeVerify"] = Verify,
        ["LoraMergeModelfile"] = Modelfile,
        ["LoraMergeReport"] = Report,
        ["LoraMergeOnUnmatched"] = OnUnmatched,
        ["LoraMergeCacheMaxSize"] = CacheMaxSize,
    };

    /// <summary>Whether the store has a model whose inputs need not be there.</summary>
    private bool IsMerged(ModelRequest request, ModelStore store, long? newerThanTicks)
    {
        try
        {
            var check = new ModelLookup(request, store, $"{StatePrefix}{request.Name}.state", placement: null, ReadsAll(request, store));
            return check.Find(newerThanTicks, Cancellation) is not null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            return true; // told when the model is provided
        }
    }

    /// <summary>Fetches what <see cref="RestoreLoraModels"/> left out, since the store does not have what was merged of it.</summary>
    private bool FetchAll(FaultLog faults)
    {
        string responseFile = RestoreLoraModels.ResponseFileOf(FetchedPath!);
        if (FindHost(faults) is not { } host)
            return false;
        if (AtomicFile.TryReadLines(responseFile) is not { } arguments)
        {
            faults.Error(null, BuildErrors.Unreadable(responseFile, "it is not there."));
            return false;
        }
        return TryWrite(responseFile, null, faults, () => AtomicFile.WriteLines(responseFile, WorkerArguments.WithoutStore(arguments)))
            && Run(host, WorkerJob.Restore(responseFile, BaseModels.Concat(Adapters)), faults);
    }

    /// <summary>The model that is there or is merged now. Another process may take it away before it is held: then it is merged again.</summary>
    private FoundModel? Provide(ModelRequest request, ModelStore store, string statePath, long? newerThanTicks, FaultLog faults)
    {
        for (int attempt = 0; attempt < MostAttempts; attempt++)
        {
            var check = new ModelLookup(request, store, statePath, PlacementOf(request), ReadsAll(request, store));
            FoundModel? found = check.Find(newerThanTicks, Cancellation);
            if (found is not null)
                TryWrite(statePath, request.BaseItem, faults, () => check.SaveFound(found));
            else if (!MayMerge(request, check, faults) || !Merge(request, store, statePath, newerThanTicks, check, faults))
                return null;
            else
                found = FindMerged(store, statePath);
            if (found is not null && store.BelongsToProject)
                TryWrite(store.Path, request.BaseItem, faults, () => new StoreUsers(store.Path).Record(statePath, found.Place.Name));
            if (found is not null && HeldModels.TryHold(BuildEngine, found, Cancellation))
                return found;
            Log.LogMessage(MessageImportance.Normal, "'{0}' was taken out of '{1}' before it could be used.", request.Name, store.Path);
        }
        faults.Error(request.BaseItem, BuildErrors.NothingMerged(request.Name, store.Path));
        return null;
    }

    /// <summary>
    /// The page of a model that was merged has been made with it. That of one which was there already is the one that its merge has left in the store; where
    /// that measured nothing, one is made of its manifest, unless it is there, too.
    /// </summary>
    private void ProvideReport(ModelRequest request, FoundModel found, string statePath, FaultLog faults)
    {
        string page = ReportRequest.PageFor(statePath);
        if (!ReportRequest.IsAsked(request) || NoBuild || FailIfNotIncremental || ReportMark.IsOf(found.Key, page))
            return;
        if (KeptReport.TryCopy(found.Place, found.Key, page))
        {
            Log.LogMessage(MessageImportance.High, "{0}: Report of {1}: {2}", Path.GetFileNameWithoutExtension(ProjectFile), request.Name, page);
            return;
        }
        string responseFile = ReportRequest.ResponseFileFor(statePath);
        if (FindHost(faults) is { } host
            && TryWrite(statePath, request.BaseItem, faults, () => AtomicFile.WriteLines(responseFile, ReportRequest.ArgumentsFor(found, statePath))))
            Run(host, WorkerJob.Report(responseFile, request), faults);
    }

    private bool MayMerge(ModelRequest request, ModelLookup check, FaultLog faults)
    {
        if (NoBuild)
            faults.Error(request.BaseItem, BuildErrors.NotBuilt(request.Name, Configuration));
        else if (request.IsLeftToStore)
            faults.Error(request.BaseItem, BuildErrors.NothingMerged(request.Name, Store)); // it was there a moment ago
        else if (FailIfNotIncremental)
            faults.Error(request.BaseItem, BuildErrors.NotUpToDate(request.Name, check.Reason));
        return !NoBuild && !FailIfNotIncremental && !request.IsLeftToStore;
    }

    private bool Merge(ModelRequest request, ModelStore store, string statePath, long? newerThanTicks, ModelLookup check, FaultLog faults)
    {
        string runtime = HostRuntime is { Length: > 0 } given ? given : SupportedRuntimes.Host;
        BuildFault? missing = !SupportedRuntimes.Contains(runtime) ? BuildErrors.UnsupportedRuntime(runtime)
            : RuntimeFolder is not { Length: > 0 } ? BuildErrors.RuntimeMissing(runtime)
            : null;
        if (missing is not null)
            faults.Error(null, missing);
        if (missing is not null || FindHost(faults) is not { } host)
            return false;

        List<string> arguments = WorkerArguments.Of(request, store, statePath, Path.GetFullPath(RuntimeFolder!), newerThanTicks);
        if (arguments.FirstOrDefault(argument => argument.IndexOfAny(['\n', '\r']) >= 0) is { } broken)
        {
            faults.Error(request.BaseItem, BuildErrors.LineBreak($"'{broken}'"));
            return false;
        }

        Log.LogMessage(MessageImportance.Normal, "'{0}' is merged because {1}.", request.Name, check.Reason);
        bool isReady = TryWrite(statePath, request.BaseItem, faults, () =>
        {
            check.SaveKnown();
            AtomicFile.WriteLines(ResponseFile(statePath), arguments);
            if (store.BelongsToProject)
                new StoreUsers(store.Path).Open();
        });
        return isReady && Run(host, WorkerJob.Merge(ResponseFile(statePath), request), faults);
    }

    /// <summary>What the worker has noted.</summary>
    private static FoundModel? FindMerged(ModelStore store, string statePath) =>
        StateFile.TryLoad(statePath) is { Key: { } key, Entry: { } name }
        && new EntryPlace(store.Path, name) is var place
        && StoreEntry.TryLoad(place, key) is { } entry
            ? new FoundModel(key, place, entry, IsRefreshed: false)
            : null;

    private static bool TryWrite(string path, ITaskItem? item, FaultLog faults, Action write)
    {
        try
        {
            write();
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            faults.Error(item, BuildErrors.Unwritable(path, FileFault.Reason(fault)));
            return false;
        }
    }

    // One start for all target frameworks that this process builds: the first one's merge is not repeated for the second.
    private long RebuildStart()
    {
        string key = "LoraMerge.Build rebuilds " + ProjectFile;
        if (BuildEngine4.GetRegisteredTaskObject(key, RegisteredTaskObjectLifetime.Build) is long start)
            return start;
        long now = DateTime.UtcNow.Ticks;
        BuildEngine4.RegisterTaskObject(key, now, RegisteredTaskObjectLifetime.Build, allowEarlyCollection: false);
        return now;
    }

    private VerifiedPlacement? PlacementOf(ModelRequest request) =>
        NoBuild || FailIfNotIncremental || MayLink || OutputFolder is not { Length: > 0 } || BuildEngine is not IBuildEngine4 engine
            ? null
            : new VerifiedPlacement(engine, Path.Combine(OutputFolder, request.TargetPath));

    /// <summary>
    /// Whether what comes from the store is read before it is shipped, whatever its times say: where others write to it, that can be asked for.
    /// </summary>
    private static bool ReadsAll(ModelRequest request, ModelStore store) => request.Options.Values[OptionTable.Verify] == "full" && !store.BelongsToProject;

    private static string ResponseFile(string statePath) => Path.ChangeExtension(statePath, ".rsp");

    private static TaskItem ContentItem(ModelRequest request, FoundModel found, StoredFile file, bool isRead)
    {
        string path = FileNames.PathIn(found.Place.Folder, file.RelativePath);
        var item = new TaskItem(EscapedText.Of(path));
        item.SetMetadata("TargetPath", EscapedText.Of($"{request.TargetPath}/{file.RelativePath}"));
        item.SetMetadata(PlaceMergedFiles.FolderMetadata, EscapedText.Of(request.TargetPath));
        item.SetMetadata(PlaceMergedFiles.KeyMetadata, found.Key);
        if (isRead)
            item.SetMetadata(PlaceMergedFiles.HashMetadata, file.Hash);
        return item;
    }
}
