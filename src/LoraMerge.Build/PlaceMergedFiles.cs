using LoraMerge.Incremental;
using Microsoft.Build.Framework;
using Task = Microsoft.Build.Utilities.Task;

namespace LoraMerge.Build;

/// <summary>Puts merged models into the output: each file whole or not at all, and large ones without a second copy of their bytes where the file system can. The build's own copy then finds them in place.</summary>
[MSBuildMultiThreadableTask]
public sealed class PlaceMergedFiles : Task, ICancelableTask, IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();

    /// <summary>Absolute paths of files of a store.</summary>
    [Required]
    public ITaskItem[] Files { get; set; } = [];

    /// <summary>Absolute path for each of them.</summary>
    [Required]
    public ITaskItem[] Destinations { get; set; } = [];

    /// <summary>All LoraBaseModel items: none of them is written over.</summary>
    public ITaskItem[] BaseModels { get; set; } = [];

    /// <summary>All LoraAdapter items: nor is any of these.</summary>
    public ITaskItem[] Adapters { get; set; } = [];

    /// <summary>Absolute path of the project file, for messages.</summary>
    [Required]
    public string ProjectFile { get; set; } = "";

    /// <summary>Whether a hard link will do where the file system cannot clone. In a store that others use it will not: writing to the link would change the model for all.</summary>
    public bool MayLink { get; set; }

    /// <summary>Whether a file holds weights. The others are small, and some people edit them in the output: they are never linked.</summary>
    internal static bool IsWeightFile(string path) => Path.GetExtension(path) == ".safetensors";

    /// <inheritdoc/>
    public void Cancel() => _cancellation.Cancel();

    /// <inheritdoc/>
    public override bool Execute()
    {
        var faults = new FaultLog(Log, ProjectFile);
        List<InputGuard.Input> inputs = InputGuard.Inputs(BaseModels.Select(item => item.GetMetadata("FullPath")), Adapters.Select(item => item.GetMetadata("FullPath")));
        foreach (string folder in Destinations.Select(destination => Path.GetDirectoryName(destination.ItemSpec)!).Distinct())
        {
            if (InputGuard.FindMet(folder, inputs) is { } met)
                faults.Error(null, BuildErrors.OutputMeetsInput(folder, met));
        }
        if (faults.HasErrors)
            return false;
        for (int i = 0; i < Files.Length; i++)
            Place(Files[i].ItemSpec, Destinations[i].ItemSpec, faults);
        return !faults.HasErrors && !_cancellation.IsCancellationRequested;
    }

    /// <inheritdoc/>
    public void Dispose() => _cancellation.Dispose();

    private void Place(string file, string destination, FaultLog faults)
    {
        try
        {
            // The rule of the copy that follows.
            if (!File.Exists(destination) || FileStamp.Of(destination) != FileStamp.Of(file))
                Log.LogMessage(MessageImportance.Low, "{0} '{1}' to '{2}'.", Put(file, destination), file, destination);
        }
        catch (OperationCanceledException)
        {
            // Nothing is left of it.
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            faults.Error(null, BuildErrors.NotPlaced(destination, fault.Message));
        }
    }

    private string Put(string file, string destination)
    {
        TwinKind twin = IsWeightFile(file) ? FileTwin.TryCreate(file, destination, MayLink) : TwinKind.None;
        if (twin == TwinKind.None)
            PlacedCopy.Make(file, destination, _cancellation.Token);
        return twin switch
        {
            TwinKind.Clone => "Cloned",
            TwinKind.Link => "Linked",
            _ => "Copied",
        };
    }
}
