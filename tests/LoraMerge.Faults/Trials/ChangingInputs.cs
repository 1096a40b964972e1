using System.Globalization;
using LoraMerge.Faults.Scenes;
using LoraMerge.Faults.Shim;

namespace LoraMerge.Faults.Trials;

/// <summary>
/// An input changes while it is read: before each call that opens or reads a file, each file of the inputs in turn. What is merged then is one of the
/// two states, or nothing.
/// </summary>
/// <param name="scene">What is tried.</param>
/// <param name="block">What the shim is told by.</param>
/// <param name="way">How the file changes.</param>
/// <param name="step">Of how many calls one is tried.</param>
internal sealed class ChangingInputs(Scene scene, FaultBlock block, ChangeWay way, int step) : ITrial
{
    private const SystemCalls Reading = SystemCalls.Open | SystemCalls.Read;

    /// <inheritdoc/>
    public void Run(string? first, Action<PointResult> report)
    {
        foreach (ChangedInput input in scene.PrepareChanges().Where(input => first is null || string.CompareOrdinal(input.Path, PathOf(first)) >= 0))
        {
            int begin = first is not null && PathOf(first) == input.Path ? NumberOf(first) : 1;
            for (int at = begin; Try(input, at, report); at += step)
            {
            }
        }
    }

    /// <summary>The point after another one.</summary>
    public static string After(string point, int step) => PointOf(PathOf(point), NumberOf(point) + step);

    private bool Try(ChangedInput input, int at, Action<PointResult> report)
    {
        string point = PointOf(input.Path, at);
        scene.Reset();
        report(PointResult.Begun(point));
        string beside = scene.Root + ".changed";
        File.Copy(input.NewFile, beside, overwrite: true);
        if (way == ChangeWay.Disguise)
            File.SetLastWriteTimeUtc(beside, File.GetLastWriteTimeUtc(Path.Combine(scene.Root, input.Path)));
        block.Arm(scene.Scope, Reading, at, new InputChange(way, beside, Path.Combine(scene.Root, input.Path)));
        Outcome outcome = scene.Run();
        block.Disarm();
        if (!block.HasFired)
            return false;
        IReadOnlyList<string> now = scene.Judge(outcome, mayLeave: false, input);
        File.Copy(input.NewFile, Path.Combine(scene.Root, input.Path), overwrite: true);
        report(new PointResult(point, block.FiredAt, [.. now, .. scene.JudgeNext(scene.Run(), input)]));
        return true;
    }

    private static string PointOf(string path, int at) => string.Create(CultureInfo.InvariantCulture, $"{path}@{at}");

    private static string PathOf(string point) => point[..point.LastIndexOf('@')];

    private static int NumberOf(string point) => int.Parse(point[(point.LastIndexOf('@') + 1)..], CultureInfo.InvariantCulture);
}
