using System.Runtime.InteropServices;
using LoraMerge.Incremental;

namespace LoraMerge.Build;

/// <summary>Keeps what a build writes and what it merges apart: a model that is written over its own base is lost.</summary>
internal static class InputGuard
{
    private static readonly StringComparison s_paths =
        RuntimeInformation.IsOSPlatform(OSPlatform.Windows) || RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <summary>Refuses places in the output that meet an input, and bases that hold what the build writes.</summary>
    /// <param name="requests">All models of the project.</param>
    /// <param name="outputFolder">Absolute path; null where it is not known.</param>
    /// <param name="ownFolders">Absolute paths of folders that the build writes to: the store and that of the state files.</param>
    /// <param name="faults">Where it is said.</param>
    public static void Check(IReadOnlyList<ModelRequest> requests, string? outputFolder, IEnumerable<string> ownFolders, FaultLog faults)
    {
        foreach (ModelRequest request in requests)
        {
            if (ownFolders.FirstOrDefault(own => LiesIn(own, request.BasePath)) is { } held)
                faults.Error(request.BaseItem, BuildErrors.BaseHoldsOutput(request.BasePath, held));
            else if (outputFolder is { Length: > 0 } && FindMet(Path.Combine(outputFolder, request.TargetPath), requests.SelectMany(other => other.AdapterPaths.Prepend(other.BasePath))) is { } met)
                faults.Error(request.BaseItem, BuildErrors.OutputMeetsInput(Path.Combine(outputFolder, request.TargetPath), met));
        }
    }

    /// <returns>The input that a folder is, holds or lies in; null where it meets none.</returns>
    public static string? FindMet(string folder, IEnumerable<string> inputs) => inputs.FirstOrDefault(input => LiesIn(input, folder) || LiesIn(folder, input));

    private static bool LiesIn(string path, string folder)
    {
        string inner = LinkTarget.RealPath(path), outer = LinkTarget.RealPath(folder);
        return inner.Equals(outer, s_paths) || inner.StartsWith(outer + Path.DirectorySeparatorChar, s_paths);
    }
}
