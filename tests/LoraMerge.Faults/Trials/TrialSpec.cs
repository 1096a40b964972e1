using System.Globalization;
using LoraMerge.Faults.Scenes;
using LoraMerge.Faults.Shim;

namespace LoraMerge.Faults.Trials;

/// <summary>A trial as words of a command line, for the process that carries it out.</summary>
/// <param name="Words">Its kind, then what the kind needs.</param>
internal sealed record TrialSpec(IReadOnlyList<string> Words)
{
    /// <summary>For the tables.</summary>
    public string Title => Words[1];

    /// <summary>Whether file systems are mounted for it.</summary>
    public bool Mounts => Words[0] == "disk";

    public static TrialSpec Sweep(FaultKind kind, int step, bool inProcesses) => new(["sweep", kind.Name, Text(step), Text(inProcesses)]);

    public static TrialSpec Point(string point, bool inProcesses) => new(["point", point, Text(inProcesses)]);

    public static TrialSpec RandomKills(int kills, int seed) => new(["kills", "random kills", Text(kills), Text(seed)]);

    public static TrialSpec FullDisk(FullDisk.Unit unit, int step) =>
        new(["disk", $"disk without {unit.ToString().ToLowerInvariant()}", unit.ToString(), Text(step)]);

    public static TrialSpec Changes(ChangeWay way, int step) =>
        new(["changes", $"input changes: {way.ToString().ToLowerInvariant()}", way.ToString(), Text(step)]);

    public static TrialSpec CacheRace(int rounds, int seed) => new(["races", "two builds and an eviction", Text(rounds), Text(seed)]);

    public static TrialSpec FlushOrder { get; } = new(["order", "order of writing and flushing"]);

    public ITrial Create(Scene scene, FaultBlock block) => Words[0] switch
    {
        "sweep" => new Sweep(scene, block, FaultKind.Parse(Words[1]), Number(2) * scene.Stride, bool.Parse(Words[3])),
        "point" => new SinglePoint(scene, block, Fault.Parse(Words[1]), bool.Parse(Words[2])),
        "kills" => new RandomKills(scene, block, Number(2), Number(3)),
        "disk" => new FullDisk(scene, Enum.Parse<FullDisk.Unit>(Words[2]), Number(3)),
        "changes" => new ChangingInputs(scene, block, Enum.Parse<ChangeWay>(Words[2]), Number(3)),
        "order" => new FlushOrder(scene, block),
        "races" => new CacheRace(scene, Number(2), Number(3)),
        _ => throw new ArgumentException($"'{Words[0]}' is no trial."),
    };

    /// <summary>The point after one at which the process ended; null where the trial does not go on.</summary>
    /// <param name="point">That point.</param>
    /// <param name="scene">Name of the scene.</param>
    public string? After(string point, string scene) => Words[0] switch
    {
        "sweep" => Fault.Parse(point).Next(Number(2) * AllScenes.Create(scene).Stride).ToString(),
        "changes" => ChangingInputs.After(point, Number(3)),
        _ => null,
    };

    private int Number(int word) => int.Parse(Words[word], CultureInfo.InvariantCulture);

    private static string Text<T>(T value)
        where T : notnull => Convert.ToString(value, CultureInfo.InvariantCulture)!;
}
