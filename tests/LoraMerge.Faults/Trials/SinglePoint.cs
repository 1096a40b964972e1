using LoraMerge.Faults.Scenes;
using LoraMerge.Faults.Shim;

namespace LoraMerge.Faults.Trials;

/// <summary>One point of a sweep again.</summary>
internal sealed class SinglePoint(Scene scene, FaultBlock block, Fault fault, bool inProcesses) : ITrial
{
    /// <inheritdoc/>
    public void Run(string? first, Action<PointResult> report)
    {
        if (!new Sweep(scene, block, fault.Kind, step: 1, inProcesses).Try(fault, report))
            report(new PointResult(fault.ToString(), "no call", ["there are not so many calls"]));
    }
}
