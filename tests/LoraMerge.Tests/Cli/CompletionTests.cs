using System.Diagnostics;

namespace LoraMerge.Tests.Cli;

/// <summary>What a shell gets that asks for the next word, and what help shows to be pasted.</summary>
public sealed class CompletionTests
{
    [Theory]
    [InlineData("lora-merge m", "merge")]
    [InlineData("/opt/tools/lora-merge me", "merge")]
    [InlineData("lora-merge merge --dt", "--dtype")]
    [InlineData("lora-merge merge --dtype ", "auto bfloat16 float16 float32")]
    [InlineData("lora-merge merge --base x --combine ties", "ties ties_svd")]
    [InlineData("lora-merge merge --st", "")]
    [InlineData("lora-merge cache p", "prune")]
    [InlineData("lora-merge merge --base mod", "")]
    public async Task A_shell_is_told_the_words_that_can_follow(string line, string words)
    {
        CommandLineRun run = await CommandLineRun.Of($"[suggest:{line.Length}]", line);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(words, string.Join(' ', run.Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)));
    }

    [Fact]
    public async Task Whatever_is_typed_is_answered()
    {
        string[] pieces = ["lora-merge", " ", "merge", "--base", "=", "'", "\"", "--", "@x", "[suggest:1]", "\t", "é", "\\", "--dtype", "/", "-", "a b"];
        var random = new Random(17);

        for (int i = 0; i < 2000; i++)
        {
            string line = string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => pieces[random.Next(pieces.Length)]));
            CommandLineRun run = await CommandLineRun.Of($"[suggest:{random.Next(line.Length + 3)}]", line);
            Assert.True(run is { ExitCode: 0, Error: "" }, line);
        }
    }

    [Theory]
    [InlineData("[suggest:-1]")]
    [InlineData("[suggest:99999999999]")]
    [InlineData("[suggest]")]
    public async Task Another_word_in_brackets_is_no_command(string mark) => Assert.Equal(2, (await CommandLineRun.Of(mark, "lora-merge m")).ExitCode);

    [Fact]
    public async Task Bash_completes_by_the_script()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "bash is there on Linux.");
        string script = (await CommandLineRun.Of("completion", "bash")).Output;
        // What the program would answer; the script asks whatever is called lora-merge.
        string answer = "lora-merge() { [ \"$1\" = '[suggest:16]' ] && [ \"$2\" = 'lora-merge merge' ] && printf 'merge\\n'; }\n";
        var start = new ProcessStartInfo("bash", [
            "-c", answer + script + "COMP_LINE='lora-merge merge' COMP_POINT=16; _lora_merge; echo \"${#COMPREPLY[@]} ${COMPREPLY[0]}\"",
        ])
        {
            RedirectStandardOutput = true,
        };

        using Process bash = Process.Start(start)!;
        string output = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);

        Assert.Equal("1 merge", output.Trim());
    }

    [Theory]
    [InlineData]
    [InlineData("merge")]
    [InlineData("plan")]
    [InlineData("inspect")]
    [InlineData("verify")]
    [InlineData("diff")]
    [InlineData("cache", "list")]
    [InlineData("cache", "prune")]
    [InlineData("cache", "clear")]
    [InlineData("runtime", "add")]
    [InlineData("completion")]
    public async Task Help_ends_with_lines_that_are_command_lines(params string[] command)
    {
        CommandLineRun run = await CommandLineRun.Of([.. command, "--help"]);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        string[] examples = [.. run.Output.Split("Examples:")[1].Split(Environment.NewLine).Select(line => line.Trim()).Where(line => line.Length > 0)];
        Assert.All(examples, example =>
        {
            string[] words = [.. example.Split(">>")[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)];
            Assert.Equal("lora-merge", words[0]);
            Assert.Empty(LoraMerge.Cli.CommandLine.Parse(words[1..]).Errors);
        });
        Assert.NotEmpty(examples);
    }
}
