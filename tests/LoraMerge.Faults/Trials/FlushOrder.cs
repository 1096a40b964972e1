using LoraMerge.Faults.Scenes;
using LoraMerge.Faults.Shim;

namespace LoraMerge.Faults.Trials;

/// <summary>
/// What a loss of power would find. A file system may bring names to the disk before contents; so the bytes of a model's files, and their names in
/// its folders, have to be on the disk before
/// the model gets its place, and its name there before the run ends. Seen from the calls of a clean run.
/// </summary>
internal sealed class FlushOrder(Scene scene, FaultBlock block) : ITrial
{
    private const string Moved = " -> ", Exchanged = " <-> ";

    /// <summary>Files whose bytes may not be on the disk yet.</summary>
    private HashSet<string> _bytes = new(StringComparer.Ordinal);

    /// <summary>Files and folders whose names may not be on the disk yet.</summary>
    private HashSet<string> _names = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public void Run(string? first, Action<PointResult> report)
    {
        scene.Reset();
        report(PointResult.Begun("order"));
        block.Arm(scene.Scope, fault: null);
        Outcome outcome = scene.Run();
        block.Disarm();
        string[] places = [.. scene.PlacesIn(FolderState.Of(scene.Root))
            .SelectMany(place => (string[])["/" + place.Folder, "/" + (place.Mark ?? place.Folder)]).Distinct()];
        IReadOnlyList<(SystemCalls Call, string Path)> log = block.Log;
        List<string> complaints = [.. log.SelectMany(entry => Follow(entry.Call, entry.Path, places)), .. places.SelectMany(DirtyBelow).Distinct()
            .Select(dirty => $"{dirty} may not be on the disk in the end")];
        if (!outcome.IsGood)
            complaints.Add(outcome.Text);
        report(new PointResult("order", $"{log.Count} calls", complaints));
    }

    private IEnumerable<string> Follow(SystemCalls call, string path, string[] places)
    {
        switch (call)
        {
            case SystemCalls.Write or SystemCalls.Copy or SystemCalls.Clone or SystemCalls.Truncate:
                _bytes.Add(path);
                break;
            case SystemCalls.Create or SystemCalls.Mkdir:
                _names.Add(path);
                break;
            case SystemCalls.Link:
                _names.Add(path.Split(Moved)[1]);
                break;
            case SystemCalls.Unlink or SystemCalls.Rmdir:
                _names.Remove(path);
                _bytes.Remove(path);
                break;
            case SystemCalls.Fsync:
                _bytes.Remove(path);
                _names.RemoveWhere(name => ParentOf(name) == path);
                break;
            case SystemCalls.Rename:
                return Rename(path, places);
        }
        return [];
    }

    private IEnumerable<string> Rename(string path, string[] places)
    {
        string[] ends = path.Split([Exchanged, Moved], StringSplitOptions.None);
        (string from, string to) = (ends[0], ends[1]);
        bool isExchange = path.Contains(Exchanged, StringComparison.Ordinal);
        string[] early = places.Any(place => FolderState.IsSameOrBelow(to, place)) ? [.. DirtyBelow(from).Where(dirty => dirty != NameOf(from))] : [];
        _bytes = [.. _bytes.Select(Moving)];
        _names = [.. _names.Select(Moving), to, .. isExchange ? (string[])[from] : []];
        return early.Select(dirty => $"{dirty} may not be on the disk when '{from}' becomes '{to}'");

        string Moving(string dirty) =>
            FolderState.IsSameOrBelow(dirty, from) ? to + dirty[from.Length..]
            : isExchange && FolderState.IsSameOrBelow(dirty, to) ? from + dirty[to.Length..]
            : dirty;
    }

    private IEnumerable<string> DirtyBelow(string path) =>
    [
        .. _bytes.Where(dirty => FolderState.IsSameOrBelow(dirty, path)).Select(dirty => $"'{dirty}'"),
        .. _names.Where(dirty => FolderState.IsSameOrBelow(dirty, path)).Select(NameOf),
    ];

    private static string NameOf(string path) => $"the name of '{path}'";

    private static string ParentOf(string path) => path[..Math.Max(path.LastIndexOf('/'), 0)];
}
