namespace LoraMerge.Faults.Shim;

/// <summary>The files whose calls count.</summary>
/// <param name="Root">Absolute path of the folder that they lie below.</param>
/// <param name="Parts">Their paths below it contain one of these; none where all count.</param>
internal sealed record CallScope(string Root, IReadOnlyList<string> Parts);
