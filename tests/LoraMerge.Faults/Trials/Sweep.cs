using System.Numerics;
using LoraMerge.Faults.Scenes;
using LoraMerge.Faults.Shim;

namespace LoraMerge.Faults.Trials;

/// <summary>One kind of fault at each call of a scene.</summary>
/// <param name="scene">What is tried.</param>
/// <param name="block">What the shim is told by.</param>
/// <param name="kind">The fault.</param>
/// <param name="step">Of how many calls one is tried.</param>
/// <param name="inProcesses">Whether each run is a process of its own; those that are to be killed always are.</param>
internal sealed class Sweep(Scene scene, FaultBlock block, FaultKind kind, int step, bool inProcesses) : ITrial
{
    /// <inheritdoc/>
    public void Run(string? first, Action<PointResult> report)
    {
        Fault? begin = first is null ? null : Fault.Parse(first);
        foreach (SystemCalls calls in CallsOf(kind).SkipWhile(calls => begin is not null && calls != begin.Calls))
        {
            for (int at = calls == begin?.Calls ? begin.At : 1; Try(new Fault(kind, calls, at), report); at += step)
            {
            }
        }
    }

    /// <returns>Whether there was such a call.</returns>
    public bool Try(Fault fault, Action<PointResult> report)
    {
        scene.Reset();
        report(PointResult.Begun(fault.ToString()));
        block.Arm(scene.Scope, fault);
        Outcome outcome = inProcesses || kind.Mode == FaultMode.Kill ? scene.RunProcess() : scene.Run();
        block.Disarm();
        if (!block.HasFired)
            return false;
        bool mayLeave = kind.Lasts || outcome.ExitCode is null || IsOfTidying(block.FiredCall);
        List<string> complaints = [.. scene.Judge(outcome, mayLeave)];
        if (outcome.IsGood && kind.LosesWrites && block.FiredCall == SystemCalls.Fsync)
            complaints.Add("exit code 0, though what was written could not be brought to the disk");
        scene.Settle();
        report(new PointResult(fault.ToString(), block.FiredAt, [.. complaints, .. scene.JudgeNext(scene.Run())]));
        return true;
    }

    /// <summary>A disk that dies dies at any call; other faults are tried kind by kind, since threads mix the kinds in another order each time.</summary>
    private static IEnumerable<SystemCalls> CallsOf(FaultKind kind) => kind.Lasts || kind.Mode == FaultMode.Kill
        ? [kind.Calls]
        : Enum.GetValues<SystemCalls>().Where(call => BitOperations.IsPow2((uint)call) && kind.Calls.HasFlag(call));

    /// <summary>What cannot be looked at or removed stays where it is.</summary>
    private static bool IsOfTidying(SystemCalls call) =>
        (call & (SystemCalls.Unlink | SystemCalls.Rmdir | SystemCalls.Rename | SystemCalls.Readdir | SystemCalls.Stat | SystemCalls.Open | SystemCalls.Flock))
        != 0;
}
