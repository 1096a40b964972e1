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
        List<RealPath> own = Resolve(ownFolders);
        List<RealPath> inputs = Resolve(requests.SelectMany(request => request.AdapterPaths.Prepend(request.BasePath)));
        foreach (ModelRequest request in requests)
        {
            RealPath basePath = RealPath.Of(request.BasePath);
            if (own.Find(folder => folder.LiesIn(basePath)) is { } held)
                faults.Error(request.BaseItem, BuildErrors.BaseHoldsOutput(request.BasePath, held.Written));
            else if (outputFolder is { Length: > 0 } && FindMet(Path.Combine(outputFolder, request.TargetPath), inputs) is { } met)
                faults.Error(request.BaseItem, BuildErrors.OutputMeetsInput(Path.Combine(outputFolder, request.TargetPath), met));
        }
    }

    /// <summary>Follows the links of paths that are compared with several others.</summary>
    public static List<RealPath> Resolve(IEnumerable<string> paths) => [.. paths.Select(RealPath.Of)];

    /// <returns>The input that a folder is, holds or lies in; null where it meets none.</returns>
    public static string? FindMet(string folder, List<RealPath> inputs)
    {
        RealPath real = RealPath.Of(folder);
        return inputs.Find(input => input.LiesIn(real) || real.LiesIn(input))?.Written;
    }

    /// <param name="Written">As the project says it.</param>
    /// <param name="Followed">With all links followed.</param>
    internal sealed record RealPath(string Written, string Followed)
    {
        public static RealPath Of(string path) => new(path, LinkTarget.RealPath(path));

        public bool LiesIn(RealPath folder) => Followed.Equals(folder.Followed, s_paths) || Followed.StartsWith(folder.Followed + Path.DirectorySeparatorChar, s_paths);
    }
}
