namespace LoraMerge.Build;

/// <summary>Keeps what a build writes and what it merges apart: a model that is written over its own base is lost.</summary>
internal static class InputGuard
{
    /// <summary>Compares paths as this system's file systems mostly do.</summary>
    public static StringComparer Paths { get; } = FileNames.Comparison == StringComparison.Ordinal ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;

    /// <summary>Refuses places in the output that meet an input, and bases that hold what the build writes.</summary>
    /// <param name="requests">All models of the project.</param>
    /// <param name="outputFolder">Absolute path; null where it is not known.</param>
    /// <param name="ownFolders">Absolute paths of folders that the build writes to: the store and that of the state files.</param>
    /// <param name="faults">Where it is said.</param>
    public static void Check(IReadOnlyList<ModelRequest> requests, string? outputFolder, IEnumerable<string> ownFolders, FaultLog faults)
    {
        List<Place> own = [.. ownFolders.Select(Place.Of)];
        List<Input> inputs = Inputs(requests.Select(request => request.BasePath), requests.SelectMany(request => request.AdapterPaths));
        foreach (ModelRequest request in requests)
        {
            Place basePath = Place.Of(request.BasePath);
            if (own.Find(folder => folder.LiesIn(basePath)) is { } held)
                faults.Error(request.BaseItem, BuildErrors.BaseHoldsOutput(request.BasePath, held.Written));
            else if (outputFolder is { Length: > 0 } && FindMet(Path.Combine(outputFolder, request.TargetPath), inputs) is { } met)
                faults.Error(request.BaseItem, BuildErrors.OutputMeetsInput(Path.Combine(outputFolder, request.TargetPath), met));
        }
    }

    /// <param name="basePaths">Absolute paths of base models.</param>
    /// <param name="adapterPaths">Absolute paths of adapters.</param>
    public static List<Input> Inputs(IEnumerable<string> basePaths, IEnumerable<string> adapterPaths) =>
    [
        .. basePaths.Select(path => new Input(Place.Of(path), HasSubfolders: true)),
        .. adapterPaths.Select(path => new Input(Place.Of(path), HasSubfolders: false)),
    ];

    /// <returns>The input whose files a folder could meet; null where there is none.</returns>
    public static string? FindMet(string folder, List<Input> inputs)
    {
        Place place = Place.Of(folder);
        return inputs.Find(input => input.Place.LiesIn(place) || (input.HasSubfolders && place.LiesIn(input.Place)))?.Place.Written;
    }

    /// <param name="Place">A folder or a weight file.</param>
    /// <param name="HasSubfolders">Of an adapter only the files beside its configuration count, so that a project's own folder can be one.</param>
    internal sealed record Input(Place Place, bool HasSubfolders);

    /// <param name="Written">As the project says it.</param>
    /// <param name="Followed">With all links followed.</param>
    internal sealed record Place(string Written, string Followed)
    {
        public static Place Of(string path)
        {
            try
            {
                return new Place(path, RealPath.Of(path));
            }
            catch (IOException)
            {
                return new Place(path, Path.GetFullPath(path)); // links in a circle: whoever opens it says so
            }
        }

        public bool LiesIn(Place folder) => RealPath.IsSameOrBelow(Followed, folder.Followed);
    }
}
