using LoraMerge.Build;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace LoraMerge.Faults.Scenes;

/// <summary>Both tasks of the build, one after the other, with the worker: what a build does but for MSBuild itself.</summary>
/// <param name="Base">Absolute path of the base model.</param>
/// <param name="Adapter">Absolute path of the adapter.</param>
/// <param name="Project">Absolute path of the project's folder, which gets bin and obj.</param>
/// <param name="Store">Absolute path of the store.</param>
/// <param name="IsShared">Whether the store is not the project's own.</param>
internal sealed record TaskBuild(string Base, string Adapter, string Project, string Store, bool IsShared)
{
    /// <exception cref="TimeoutException">It hangs.</exception>
    public Outcome Run() => TaskEngine.Run(engine => Merge(engine) is { } files && Place(engine, files));

    private ITaskItem[]? Merge(TaskEngine engine)
    {
        using var task = new MergeLoraAdapters
        {
            BuildEngine = engine,
            BaseModels = [new TaskItem(Base)],
            Adapters = [new TaskItem(Adapter)],
            ProjectFile = Path.Combine(Project, "App.csproj"),
            StatePrefix = Path.Combine(Project, "obj", "App.csproj.lora."),
            Store = Store,
            StoreBelongsToProject = !IsShared,
            WorkerPath = Path.Combine(AppContext.BaseDirectory, "lora-merge.dll"),
            RuntimeFolder = Natives.Folder,
            SdkRoot = Path.GetDirectoryName(Environment.ProcessPath),
            OutputFolder = Path.Combine(Project, "bin") + "/",
            MayLink = !IsShared,
            Device = "cpu",
        };
        return task.Execute() ? task.MergedFiles : null;
    }

    private bool Place(TaskEngine engine, ITaskItem[] files)
    {
        using var task = new PlaceMergedFiles
        {
            BuildEngine = engine,
            Files = files,
            Root = Path.Combine(Project, "bin") + "/",
            RecordFile = Path.Combine(Project, "obj", "App.csproj.lora.placed"),
            ProjectFile = Path.Combine(Project, "App.csproj"),
            MayLink = !IsShared,
        };
        return task.Execute();
    }
}
