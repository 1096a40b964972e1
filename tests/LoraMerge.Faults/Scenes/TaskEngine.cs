using System.Collections;
using System.Collections.Concurrent;
using Microsoft.Build.Framework;

namespace LoraMerge.Faults.Scenes;

/// <summary>Runs tasks of the build in this process, and keeps their errors in the form that MSBuild prints.</summary>
internal sealed class TaskEngine : IBuildEngine4, IDisposable
{
    private static readonly TimeSpan s_longestRun = TimeSpan.FromMinutes(3);

    private readonly ConcurrentDictionary<object, object> _objects = new();
    private readonly ConcurrentQueue<string> _lines = new();

    /// <summary>All that was logged so far.</summary>
    public string Text => string.Join('\n', _lines);

    public bool ContinueOnError => false;

    public int LineNumberOfTaskNode => 0;

    public int ColumnNumberOfTaskNode => 0;

    public string ProjectFileOfTaskNode => "App.csproj";

    public bool IsRunningMultipleNodes => false;

    /// <returns>How it ended, as a build would.</returns>
    /// <exception cref="TimeoutException">It hangs.</exception>
    public static Outcome Run(Func<TaskEngine, bool> execute)
    {
        using var engine = new TaskEngine();
        try
        {
            return new Outcome(Task.Run(() => execute(engine)).WaitAsync(s_longestRun).GetAwaiter().GetResult() ? 0 : 1, engine.Text);
        }
        catch (Exception fault) when (fault is not TimeoutException)
        {
            return new Outcome(Outcome.Crash, $"{engine.Text}\n{fault}");
        }
    }

    /// <summary>The end of the build.</summary>
    public void Dispose()
    {
        foreach (IDisposable held in _objects.Values.OfType<IDisposable>())
            held.Dispose();
    }

    public void LogErrorEvent(BuildErrorEventArgs e) => _lines.Enqueue($"{e.File}({e.LineNumber},{e.ColumnNumber}): error {e.Code}: {e.Message}");

    public void LogWarningEvent(BuildWarningEventArgs e) => _lines.Enqueue($"{e.File}({e.LineNumber},{e.ColumnNumber}): warning {e.Code}: {e.Message}");

    public void LogMessageEvent(BuildMessageEventArgs e) => _lines.Enqueue(e.Message ?? "");

    public void LogCustomEvent(CustomBuildEventArgs e)
    {
    }

    public void RegisterTaskObject(object key, object obj, RegisteredTaskObjectLifetime lifetime, bool allowEarlyCollection) => _objects[key] = obj;

    public object GetRegisteredTaskObject(object key, RegisteredTaskObjectLifetime lifetime) => _objects.GetValueOrDefault(key)!;

    public object UnregisterTaskObject(object key, RegisteredTaskObjectLifetime lifetime) => _objects.TryRemove(key, out object? held) ? held : null!;

    public void Yield()
    {
    }

    public void Reacquire()
    {
    }

    public bool BuildProjectFile(string projectFileName, string[] targetNames, IDictionary globalProperties, IDictionary targetOutputs) => false;

    public bool BuildProjectFile(string projectFileName, string[] targetNames, IDictionary globalProperties, IDictionary targetOutputs,
        string toolsVersion) => false;

    public bool BuildProjectFilesInParallel(
        string[] projectFileNames, string[] targetNames, IDictionary[] globalProperties, IDictionary[] targetOutputsPerProject, string[] toolsVersion,
            bool useResultsCache, bool unloadProjectsOnCompletion) => false;

    public BuildEngineResult BuildProjectFilesInParallel(
        string[] projectFileNames, string[] targetNames, IDictionary[] globalProperties, IList<string>[] removeGlobalProperties, string[] toolsVersion,
            bool returnTargetOutputs) => new(false, null);
}
