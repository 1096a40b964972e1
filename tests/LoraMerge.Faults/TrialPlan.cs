using LoraMerge.Faults.Scenes;
using LoraMerge.Faults.Shim;
using LoraMerge.Faults.Trials;

namespace LoraMerge.Faults;

/// <summary>Which trials a command carries out on which scenes.</summary>
internal static class TrialPlan
{
    /// <summary>An earlier model is there, of which something could be lost.</summary>
    private static readonly string[] s_over = ["output-over", "store-over"];

    public static IEnumerable<(string Scene, TrialSpec Trial)> Sweep(IEnumerable<string> scenes, IReadOnlyList<FaultKind> kinds, int step, bool inProcesses) =>
        from scene in scenes.DefaultIfEmpty(AllScenes.Names)
        from kind in kinds
        select (scene, TrialSpec.Sweep(kind, step, inProcesses));

    public static IEnumerable<(string Scene, TrialSpec Trial)> RandomKills(IEnumerable<string> scenes, int count, int seed) =>
        scenes.DefaultIfEmpty([.. s_over, "place-over", "build-over"]).Select(scene => (scene, TrialSpec.RandomKills(count, seed)));

    public static IEnumerable<(string Scene, TrialSpec Trial)> FullDisk(IEnumerable<string> scenes, int step) =>
        from scene in scenes.DefaultIfEmpty([.. s_over, "output", "place", "place-over"])
        from unit in Enum.GetValues<FullDisk.Unit>()
        select (scene, TrialSpec.FullDisk(unit, step));

    public static IEnumerable<(string Scene, TrialSpec Trial)> Changes(IEnumerable<string> scenes, int step) =>
        from scene in scenes.DefaultIfEmpty(s_over)
        from way in Enum.GetValues<ChangeWay>()
        select (scene, TrialSpec.Changes(way, step));

    public static IEnumerable<(string Scene, TrialSpec Trial)> CacheRace(int count, int seed) => [("build", TrialSpec.CacheRace(count, seed))];

    public static IEnumerable<(string Scene, TrialSpec Trial)> FlushOrder(IEnumerable<string> scenes) =>
        scenes.DefaultIfEmpty(AllScenes.Names).Select(scene => (scene, TrialSpec.FlushOrder));

    /// <summary>Everything.</summary>
    public static IEnumerable<(string Scene, TrialSpec Trial)> All(int count, int step, int seed) =>
        [.. FlushOrder([]), .. RandomKills([], count, seed), .. FullDisk([], step), .. CacheRace(count, seed), .. Changes([], step),
            .. Sweep([], FaultKind.All, step, inProcesses: false)];

    private static IEnumerable<string> DefaultIfEmpty(this IEnumerable<string> scenes, IEnumerable<string> usual) => scenes.Any() ? scenes : usual;
}
