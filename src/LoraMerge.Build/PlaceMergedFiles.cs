using Microsoft.Build.Framework;
using Task = Microsoft.Build.Utilities.Task;
using TaskItem = Microsoft.Build.Utilities.TaskItem;

namespace LoraMerge.Build;

/// <summary>
/// Puts merged models into the output or the publish folder, each whole or not at all, and takes away those that earlier builds put there and nobody asks for
/// any more.
/// </summary>
[MSBuildMultiThreadableTask]
public sealed class PlaceMergedFiles : Task, ICancelableTask, IDisposable
{
    /// <summary>Metadata of a file: its model's folder below <see cref="Root"/>.</summary>
    internal const string FolderMetadata = "_LoraFolder";

    /// <summary>Metadata of a file: the hash that its bytes must have; empty where it need not be read.</summary>
    internal const string HashMetadata = "_LoraHash";

    /// <summary>Metadata of a file: its model's key.</summary>
    internal const string KeyMetadata = "_LoraKey";

    private readonly CancellationTokenSource _cancellation = new();

    /// <summary>Absolute paths of files of a store, with TargetPath.</summary>
    public ITaskItem[] Files { get; set; } = [];

    /// <summary>Absolute path of the folder that TargetPath starts at.</summary>
    [Required]
    public string Root { get; set; } = "";

    /// <summary>Absolute path of the file that knows what earlier builds placed.</summary>
    [Required]
    public string RecordFile { get; set; } = "";

    /// <summary>Absolute path of the folder in which the project's other configurations and frameworks have such files, at any depth.</summary>
    public string? RecordsFolder { get; set; }

    /// <summary>
    /// Absolute path of what every build of the project leaves in <see cref="Root"/> after its models; null where it leaves nothing, or where another
    /// project's model is not worth a word.
    /// </summary>
    public string? Product { get; set; }

    /// <summary>All LoraBaseModel items: none of them is written over.</summary>
    public ITaskItem[] BaseModels { get; set; } = [];

    /// <summary>All LoraAdapter items: nor is any of these.</summary>
    public ITaskItem[] Adapters { get; set; } = [];

    /// <summary>Absolute path of the project file, for messages.</summary>
    [Required]
    public string ProjectFile { get; set; } = "";

    /// <summary>
    /// Whether a hard link will do where the file system cannot clone. In a store that others use it will not: writing to the link would change the model for
    /// all.
    /// </summary>
    public bool MayLink { get; set; }

    /// <summary>Absolute paths of what earlier builds put there and others have replaced since: it is not this project's to delete.</summary>
    [Output]
    public ITaskItem[] LeftFiles { get; private set; } = [];

    /// <summary>Told of each operation on a file and of the file; a test lets it fail there.</summary>
    internal Action<string, string>? BeforeStep { get; set; }

    /// <inheritdoc/>
    public void Cancel() => _cancellation.Cancel();

    /// <inheritdoc/>
    public override bool Execute()
    {
        var faults = new FaultLog(Log, ProjectFile);
        try
        {
            Place(faults);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        return !faults.HasErrors;
    }

    /// <inheritdoc/>
    public void Dispose() => _cancellation.Dispose();

    private void Place(FaultLog faults)
    {
        List<PlacedModel> models =
        [
            .. Files.GroupBy(
                file => file.GetMetadata(FolderMetadata),
                (folder, files) => new PlacedModel(At(folder), NonEmpty(files.First().GetMetadata(KeyMetadata)), [.. files.Select(Describe)])
            ),
        ];
        List<InputGuard.Input> inputs = InputGuard.Inputs(
            BaseModels.Select(item => item.GetMetadata("FullPath")),
            Adapters.Select(item => item.GetMetadata("FullPath"))
        );
        foreach (PlacedModel model in models)
        {
            if (InputGuard.FindMet(model.Folder, inputs) is { } met)
                faults.Error(null, BuildErrors.OutputMeetsInput(model.Folder, met));
        }
        if (faults.HasErrors)
            return;

        var steps = new FileSteps(BeforeStep);
        if (TryLoad(faults) is not { } record)
            return;
        List<RecordedModel> earlier = record.ModelsIn(Root);
        var own = new OwnModels(earlier, Root, RecordFile, ProjectFile, RecordsFolder);
        // First, so that a build that is killed has not put anything anywhere that no later build knows of.
        foreach (PlacedModel model in models)
            record.Add(Root, model);
        if (!TrySave(record, steps, faults, BuildErrors.Unwritable))
            return;

        HashSet<string> wanted = new(models.SelectMany(model => model.Files.Select(file => file.Destination)), InputGuard.Paths);
        ModelPlacing NewPlacing() =>
            new(
                Root,
                wanted,
                MayLink,
                destination => StagedCopy.TryTake(BuildEngine, destination),
                steps,
                (importance, text) => Log.LogMessage(importance, "{0}", text),
                _cancellation.Token
            );
        foreach (PlacedModel model in models)
        {
            ModelPlacing placing = NewPlacing();
            if (
                placing.Place(model, [.. earlier.Where(one => InputGuard.Paths.Equals(one.Folder, model.Folder)).SelectMany(one => one.Files)]) is
                { } fault
            )
            {
                faults.Error(null, fault);
                return;
            }
            record.Remove(Root, model.Folder);
            record.Add(Root, model);
            bool isOthers = Product is { Length: > 0 } && placing.ReplacedKey is { } key && key != model.Key
                && (own.IsOthers(model.Folder, key) ?? !File.Exists(Product));
            if (isOthers)
                faults.Warning(null, BuildErrors.OthersModelReplaced(model.Folder, Path.GetFileNameWithoutExtension(ProjectFile)));
        }
        foreach (RecordedModel old in earlier.Where(one => !models.Any(model => InputGuard.Paths.Equals(model.Folder, one.Folder))))
        {
            ModelPlacing placing = NewPlacing();
            BuildFault? fault = InputGuard.FindMet(old.Folder, inputs) is null
                ? placing.Remove(old.Folder, old.Files, key => own.IsOthers(old.Folder, key) == true)
                : null;
            if (placing.IsLeftToOthers)
                LeftFiles = [.. LeftFiles, .. old.Files.Select(file => new TaskItem(EscapedText.Of(file)))];
            if (fault is not null)
                faults.Warning(null, fault);
            else if (!FolderLock.IsThere(old.Folder)) // which the next build deletes, if nobody holds it
                record.Remove(Root, old.Folder);
        }
        TrySave(record, steps, faults, BuildErrors.NotRemembered);
    }

    private PlacedRecord? TryLoad(FaultLog faults)
    {
        try
        {
            return PlacedRecord.Load(RecordFile);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            faults.Error(null, BuildErrors.Unreadable(RecordFile, FileFault.Reason(fault)));
            return null;
        }
    }

    private static bool TrySave(PlacedRecord record, FileSteps steps, FaultLog faults, Func<string, string, BuildFault> fault)
    {
        try
        {
            steps.Save(record);
            return true;
        }
        catch (Exception thrown) when (FileFault.Is(thrown))
        {
            faults.Error(null, fault(record.FilePath, FileFault.Reason(thrown)));
            return false;
        }
    }

    private PlacedFile Describe(ITaskItem file) => new(file.ItemSpec, At(file.GetMetadata("TargetPath")), NonEmpty(file.GetMetadata(HashMetadata)));

    private static string? NonEmpty(string text) => text.Length > 0 ? text : null;

    private string At(string targetPath) => FileNames.PathIn(Root, targetPath);
}
