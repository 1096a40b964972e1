namespace LoraMerge.Faults.Scenes;

/// <summary>How a run ended.</summary>
/// <param name="ExitCode">Null where it was killed.</param>
/// <param name="Text">All that it said.</param>
internal sealed record Outcome(int? ExitCode, string Text)
{
    /// <summary>What a shell shows of a process that an unforeseen exception has ended.</summary>
    public const int Crash = 134;

    /// <summary>The exception that has ended it, and where in the product that was.</summary>
    public string CrashText => string.Join(' ', Lines.Where(line => line.Contains("Exception: ", StringComparison.Ordinal)).Take(1)
        .Concat(Lines.Where(line => line.StartsWith("at LoraMerge.", StringComparison.Ordinal)).Take(2).Select(line => line.Split(" in ")[0])));

    public bool IsGood => ExitCode == 0;

    public IEnumerable<string> Lines => Text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
