using System.Diagnostics;

namespace LoraMerge.Build.Tests;

public sealed class QuotedArgumentTests
{
    [Theory]
    [InlineData("plain")]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\"b")]
    [InlineData("\"")]
    [InlineData("a\\")]
    [InlineData("a\\\\\"b\\\"")]
    [InlineData("'$HOME' `x` !y \\n")]
    public async Task A_process_and_a_shell_get_what_was_meant(string argument)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Echoes with printf.");

        Assert.Equal(argument + "|", await OutputAsync("printf", $"%s| {QuotedArgument.ForProcess(argument)}"));
        Assert.Equal(argument + "|", await OutputAsync("sh", $"-c {QuotedArgument.ForProcess($"printf %s\\| {QuotedArgument.ForShell(argument)}")}"));
    }

    private static async Task<string> OutputAsync(string program, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        return await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
