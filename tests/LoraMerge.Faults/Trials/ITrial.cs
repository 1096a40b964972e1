namespace LoraMerge.Faults.Trials;

/// <summary>A way to try a scene. It runs in a process of its own, with the shim.</summary>
internal interface ITrial
{
    /// <summary>Tries all points.</summary>
    /// <param name="first">The point to begin with, where an earlier process did not get further; null for all.</param>
    /// <param name="report">Told when a point begins, and what became of it.</param>
    /// <exception cref="TimeoutException">A run hangs.</exception>
    void Run(string? first, Action<PointResult> report);
}
