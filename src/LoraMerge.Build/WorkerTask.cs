using Microsoft.Build.Framework;
using Task = Microsoft.Build.Utilities.Task;

namespace LoraMerge.Build;

/// <summary>A task that starts workers, one after another, and takes them along where it is cancelled.</summary>
public abstract class WorkerTask : Task, ICancelableTask, IIncrementalTask, IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();
    private volatile Worker? _worker;

    /// <summary>Absolute path of the project file.</summary>
    [Required]
    public string ProjectFile { get; set; } = "";

    /// <summary>Absolute path of lora-merge.dll.</summary>
    [Required]
    public string WorkerPath { get; set; } = "";

    /// <summary>DOTNET_HOST_PATH. Not looked up here: several projects with different environments may be built in one process.</summary>
    public string? HostPath { get; set; }

    /// <summary>PATH, for the same reason.</summary>
    public string? SearchPath { get; set; }

    /// <summary>The folder of the SDK's dotnet.</summary>
    public string? SdkRoot { get; set; }

    /// <summary>Only look what is there.</summary>
    public bool NoBuild { get; set; }

    /// <inheritdoc/>
    public bool FailIfNotIncremental { get; set; }

    private protected CancellationToken Cancellation => _cancellation.Token;

    /// <inheritdoc/>
    public void Cancel()
    {
        _cancellation.Cancel();
        _worker?.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back what it holds.</summary>
    protected virtual void Dispose(bool disposing) => _cancellation.Dispose();

    /// <summary>What runs a worker; null, which is told, where it or the worker is not there.</summary>
    private protected string? FindHost(FaultLog faults) => DotnetHost.FindFor(WorkerPath, HostPath, SdkRoot, SearchPath, faults);

    /// <returns>False where it failed, which is told, or was cancelled.</returns>
    private protected bool Run(string host, WorkerJob job, FaultLog faults)
    {
        var worker = new Worker(this, host, WorkerPath, job, ProjectFile, faults);
        _worker = worker;
        bool isDone = !_cancellation.IsCancellationRequested && worker.Execute();
        _worker = null;
        return isDone;
    }
}
