using System.ComponentModel;
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
    [InlineData("  lora-merge merge --dtype b", "bfloat16")]
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

        string? output = await Run("bash", "-c",
            answer + script + "COMP_LINE='lora-merge merge' COMP_POINT=16; _lora_merge; echo \"${#COMPREPLY[@]} ${COMPREPLY[0]}\"");

        Assert.Equal("1 merge", output);
    }

    [Fact]
    public async Task Zsh_completes_by_the_script_the_command_that_the_cursor_is_in()
    {
        string script = (await CommandLineRun.Of("completion", "zsh")).Output;
        string setting = """
            compdef() { : }
            compadd() { shift; print -l -- "$@" }
            _files() { print FILES }
            lora-merge() { [[ $1 == '[suggest:25]' && $2 == 'lora-merge merge --dtype ' ]] && print -l auto bfloat16 }

            """;

        string? output = await Run("zsh", "-f", "-c",
            setting + script + "words=(lora-merge merge --dtype '') CURRENT=4 PREFIX=; _lora_merge; words=(lora-merge x) CURRENT=2 PREFIX=x; _lora_merge");

        Assert.SkipWhen(output is null, "There is no zsh here.");
        Assert.Equal("auto\nbfloat16\nFILES", output);
    }

    [Fact]
    public async Task Fish_completes_by_the_script_the_command_that_the_cursor_is_in()
    {
        string script = (await CommandLineRun.Of("completion", "fish")).Output;
        string setting = """
            function lora-merge
                test "$argv" = '[suggest:25] lora-merge merge --dtype '; and printf '%s\n' auto bfloat16
                test "$argv" = '[suggest:20] lora-merge cache pru'; and echo prune
            end

            """;

        string? output = await Run("fish", "--no-config", "-c",
            setting + script + "complete -C 'cd /tmp; lora-merge merge --dtype '; complete -C 'lora-merge cache pru'; complete -C 'lora-merge /et'");

        Assert.SkipWhen(output is null, "There is no fish here.");
        Assert.Equal("auto\nbfloat16\nprune\n/etc/", output);
    }

    [Fact]
    public async Task PowerShell_completes_by_the_script_the_command_that_the_cursor_is_in()
    {
        string script = (await CommandLineRun.Of("completion", "pwsh")).Output;
        string setting = """
            function lora-merge { if ("$args" -ceq '[suggest:25] lora-merge merge --dtype ') { 'auto'; 'bfloat16' } }
            function Ask($line, $at) { (TabExpansion2 -inputScript $line -cursorColumn $at).CompletionMatches | ForEach-Object { $_.CompletionText } }

            """;

        string? output = await Run("pwsh", "-NoProfile", "-Command",
            setting + script + "Ask 'lora-merge merge --dtype ' 25; Ask 'cd /tmp; lora-merge merge --dtype ' 34; Ask 'lora-merge merge --dtype  --x' 25");

        Assert.SkipWhen(output is null, "There is no PowerShell here.");
        Assert.Equal("auto\nbfloat16\nauto\nbfloat16\nauto\nbfloat16", output);
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

    /// <returns>What a program prints, with line feeds; null where there is no such program.</returns>
    private static async Task<string?> Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
            string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            return output.ReplaceLineEndings("\n").Trim();
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
