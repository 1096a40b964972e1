using Microsoft.Build.Logging.StructuredLogger;

namespace LoraMerge.Build.Tests;

/// <summary>What a command did.</summary>
/// <param name="ExitCode">0 where it succeeded.</param>
/// <param name="Output">What a user sees.</param>
/// <param name="FakesStarted">How many fake workers were started, as they say themselves; null where the real one is used.</param>
internal sealed record BuildResult(int ExitCode, string Output, int? FakesStarted)
{
    private Microsoft.Build.Logging.StructuredLogger.Build? _log;

    /// <summary>Path of the binary log.</summary>
    public string BinaryLog { get; init; } = "";

    public Microsoft.Build.Logging.StructuredLogger.Build Log => _log ??= Microsoft.Build.Logging.StructuredLogger.BinaryLog.ReadBuild(BinaryLog);

    public IReadOnlyList<Error> Errors => [.. Log.FindChildrenRecursive<Error>()];

    public IReadOnlyList<Warning> Warnings => [.. Log.FindChildrenRecursive<Warning>()];

    /// <summary>How many merges a user was told of.</summary>
    public int Merges => Lines.Count(line => line.Contains(": Merging ", StringComparison.Ordinal));

    /// <summary>How many processes were started to merge, whether there was anything to merge or not.</summary>
    public int Workers => FakesStarted ?? CommandLines.Count;

    /// <summary>How many processes were started to fetch, whether there was anything to fetch or not.</summary>
    public int Fetches => Tasks("RestoreLoraModels").Count(task => task.CommandLineArguments is not null);

    /// <summary>The lines to repeat a merge in a shell, as the binary log has them.</summary>
    public IReadOnlyList<string> CommandLines => [.. Tasks("MergeLoraAdapters").Select(task => task.CommandLineArguments).OfType<string>()];

    /// <summary>The output's lines without indent.</summary>
    public IEnumerable<string> Lines => Output.Split('\n').Select(line => line.Trim());

    public IReadOnlyList<Microsoft.Build.Logging.StructuredLogger.Task> Tasks(string name) =>
        [.. Log.FindChildrenRecursive<Microsoft.Build.Logging.StructuredLogger.Task>(task => task.Name == name)];

    public BuildResult ThrowIfFailed()
    {
        Assert.True(ExitCode == 0, Output);
        return this;
    }
}
