using System.Diagnostics;
using System.Reflection;
using LoraMerge.Faults.Shim;
using LoraMerge.Faults.Trials;

namespace LoraMerge.Faults;

/// <summary>Carries trials out in processes with the shim. What ends one of them is a result, too, and the next goes on.</summary>
/// <param name="library">The shim.</param>
/// <param name="folder">For the block that is shared with it.</param>
internal sealed class Preloaded(string library, string folder)
{
    public IReadOnlyList<PointResult> Run(string scene, TrialSpec trial)
    {
        List<PointResult> points = [];
        string? first = null;
        while (true)
        {
            (PointResult? open, bool isDone, int exitCode) = RunWorker(scene, trial, first, points);
            if (isDone)
                return points;
            if (open is null)
                throw new InvalidOperationException($"The worker of '{scene}' ended with {exitCode} before its first point.");
            string complaint = exitCode == Worker.Hung ? "the run hangs" : $"the run ends the process that it runs in, with exit code {exitCode}";
            points.Add(open with { Where = "", Complaints = [complaint] });
            first = trial.After(open.Point, scene);
            if (first is null)
                return points;
        }
    }

    private (PointResult? Open, bool IsDone, int ExitCode) RunWorker(string scene, TrialSpec trial, string? first, List<PointResult> points)
    {
        string[] command = [.. trial.Mounts ? OwnMounts.Command : [], "dotnet", "exec", Assembly.GetExecutingAssembly().Location, "worker", scene,
            .. trial.Words, .. first is null ? [] : (string[])["--first", first]];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true };
        string block = Path.Combine(folder, "block");
        FaultBlock.Open(block).Dispose();
        ShimLibrary.AddTo(start, library, block);
        using Process process = Process.Start(start)!;
        PointResult? open = null;
        bool isDone = false;
        while (process.StandardOutput.ReadLine() is string line)
        {
            if (line == Worker.Done)
                isDone = true;
            else if (PointResult.Parse(line) is { Where: null } begun)
                open = begun;
            else
                points.Add(PointResult.Parse(line));
        }
        process.WaitForExit();
        return (open, isDone, process.ExitCode);
    }
}
