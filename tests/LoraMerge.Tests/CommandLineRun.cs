using LoraMerge.Cli;

namespace LoraMerge.Tests;

/// <summary>What the command line answered, run in this process.</summary>
internal sealed record CommandLineRun(int ExitCode, string Output, string Error)
{
    public static async Task<CommandLineRun> Of(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int exitCode = await CommandLine.RunAsync(arguments, output, error);
        return new CommandLineRun(exitCode, output.ToString(), error.ToString());
    }
}
