using Microsoft.Build.Logging.StructuredLogger;

namespace LoraMerge.Build.Tests;

/// <summary>What a <c>dotnet</c> command did.</summary>
/// <param name="ExitCode">0 where it succeeded.</param>
/// <param name="Output">What a user sees.</param>
/// <param name="Merges">How many merges were started during the command.</param>
/// <param name="BinaryLog">Path of the binary log.</param>
internal sealed record BuildResult(int ExitCode, string Output, int Merges, string BinaryLog)
{
    private Microsoft.Build.Logging.StructuredLogger.Build? _log;

    public Microsoft.Build.Logging.StructuredLogger.Build Log => _log ??= Microsoft.Build.Logging.StructuredLogger.BinaryLog.ReadBuild(BinaryLog);

    public IReadOnlyList<Error> Errors => [.. Log.FindChildrenRecursive<Error>()];

    public IReadOnlyList<Warning> Warnings => [.. Log.FindChildrenRecursive<Warning>()];

    public BuildResult ThrowIfFailed()
    {
        Assert.True(ExitCode == 0, Output);
        return this;
    }
}
