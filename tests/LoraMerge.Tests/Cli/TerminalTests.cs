namespace LoraMerge.Tests.Cli;

/// <summary>The program in a real terminal, and where it is none.</summary>
public sealed class TerminalTests
{
    private const string Escape = "\u001b[";

    private static readonly string Adapter = Path.Combine(Repository.Root, "sample-app", "adapters", "pirate");

    [Fact]
    public async Task Redirected_output_is_plain_lines()
    {
        ChildProcess run = await ChildProcess.Run([.. ChildProcess.LoraMerge, "inspect", Adapter]);

        Assert.StartsWith("what ", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Escape, run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("│", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM=xterm-256color", true, true)]
    [InlineData("TERM=xterm-256color NO_COLOR=1", true, false)]
    [InlineData("TERM=dumb", false, false)]
    public async Task A_terminal_gets_what_it_can_show(string environment, bool hasTable, bool hasColour)
    {
        await ChildProcess.SkipUnless("There is no 'script'.", "script", "--version");
        using var bench = new Workbench();
        string[] diff = [.. ChildProcess.LoraMerge, "diff", bench.Base, bench.Base];

        ChildProcess run = await ChildProcess.Run(
            "script", "-qec", $"env -u NO_COLOR {environment} {string.Join(' ', ChildProcess.LoraMerge)} inspect '{Adapter}'", "/dev/null");
        ChildProcess equal = await ChildProcess.Run("script", "-qec", $"env -u NO_COLOR {environment} {string.Join(' ', diff)}", "/dev/null");

        Assert.Equal((0, 0), (run.ExitCode, equal.ExitCode));
        Assert.Equal(hasTable, run.Output.Contains('│', StringComparison.Ordinal));
        Assert.Equal(hasColour, equal.Output.Contains(Escape + "1;38;", StringComparison.Ordinal));
        Assert.Contains("equal: all 8 tensors", equal.Output, StringComparison.Ordinal);
        bench.Passed();
    }
}
