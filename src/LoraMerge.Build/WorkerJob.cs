using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>What a worker is started for.</summary>
/// <param name="Command">The command of <c>lora-merge</c>.</param>
/// <param name="ResponseFile">Absolute path of the file with its arguments.</param>
/// <param name="ItemOf">The item that is to blame for what the worker says of a file, a folder or an address; null where none is.</param>
/// <param name="Crashed">What is said where the worker ended without a fault of the project; gets exit code, last words and the line to repeat it.</param>
internal sealed record WorkerJob(string Command, string ResponseFile, Func<string, ITaskItem?> ItemOf, Func<int, string, string, BuildFault> Crashed)
{
    /// <summary>A merge of one model.</summary>
    public static WorkerJob Merge(string responseFile, ModelRequest request) => OfModel("merge", responseFile, request);

    /// <summary>The report of a model that is merged already.</summary>
    public static WorkerJob Report(string responseFile, ModelRequest request) => OfModel("report", responseFile, request);

    /// <summary>A fetch of all addresses of a project.</summary>
    public static WorkerJob Restore(string responseFile, IEnumerable<ITaskItem> items) => new(
        "restore", responseFile, origin => items.FirstOrDefault(item => item.ItemSpec == origin), BuildErrors.FetchCrashed);

    private static WorkerJob OfModel(string command, string responseFile, ModelRequest request) => new(
        command, responseFile, origin => ItemIn(request, origin),
        (exitCode, lastWords, line) => BuildErrors.WorkerCrashed(request.Name, exitCode, lastWords, line));

    private static ITaskItem ItemIn(ModelRequest request, string origin)
    {
        for (int i = 0; i < request.AdapterPaths.Count; i++)
        {
            string path = request.AdapterPaths[i];
            if (origin == path || origin.StartsWith(path + "/", StringComparison.Ordinal) || origin.StartsWith(path + "\\", StringComparison.Ordinal))
                return request.AdapterItems[i];
        }
        return request.BaseItem;
    }
}
