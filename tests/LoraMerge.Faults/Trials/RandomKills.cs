using System.Diagnostics;
using System.Globalization;
using LoraMerge.Faults.Scenes;
using LoraMerge.Faults.Shim;

namespace LoraMerge.Faults.Trials;

/// <summary>Kills at moments that nobody chose: also between two calls, and while several threads are in one.</summary>
/// <param name="scene">What is tried.</param>
/// <param name="block">By which it is seen that a process has begun with its work.</param>
/// <param name="kills">How many.</param>
/// <param name="seed">Of the moments.</param>
internal sealed class RandomKills(Scene scene, FaultBlock block, int kills, int seed) : ITrial
{
    /// <inheritdoc/>
    public void Run(string? first, Action<PointResult> report)
    {
        var random = new Random(seed);
        TimeSpan whole = Measure();
        for (int kill = 1; kill <= kills; kill++)
        {
            TimeSpan moment = whole * random.NextDouble();
            string point = string.Create(CultureInfo.InvariantCulture, $"{kill} of seed {seed}");
            scene.Reset();
            report(PointResult.Begun(point));
            (Outcome outcome, int calls) = Kill(moment);
            string where = string.Create(CultureInfo.InvariantCulture,
                $"{moment.TotalMilliseconds:0} ms, {calls} calls{(outcome.ExitCode is null ? "" : ", after its end")}");
            IReadOnlyList<string> now = scene.Judge(outcome, mayLeave: outcome.ExitCode is null);
            scene.Settle();
            report(new PointResult(point, where, [.. now, .. scene.JudgeNext(scene.Run())]));
        }
    }

    /// <summary>From the first call below the root to the end of the process.</summary>
    private TimeSpan Measure()
    {
        scene.Reset();
        block.Arm(scene.Scope, fault: null);
        using Process process = scene.StartProcess();
        WaitForFirstCall(process);
        long begin = Stopwatch.GetTimestamp();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        block.Disarm();
        return Stopwatch.GetElapsedTime(begin);
    }

    private (Outcome Outcome, int Calls) Kill(TimeSpan moment)
    {
        block.Arm(scene.Scope, fault: null);
        using Process process = scene.StartProcess();
        WaitForFirstCall(process);
        for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < moment && !process.HasExited;)
            Thread.Sleep(TimeSpan.FromMicroseconds(200));
        process.Kill(entireProcessTree: true);
        Outcome outcome = scene.WaitFor(process);
        block.Disarm();
        return (outcome, block.Count);
    }

    private void WaitForFirstCall(Process process)
    {
        while (block.Count == 0 && !process.HasExited)
            Thread.Sleep(TimeSpan.FromMilliseconds(1));
    }
}
