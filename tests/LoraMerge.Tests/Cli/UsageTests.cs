namespace LoraMerge.Tests.Cli;

/// <summary>What the program prints about itself.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("Say what to do: merge, plan,")]
    [InlineData("'melt' is no command.", "melt", "a", "b")]
    [InlineData("'mrege' is no command. Did you mean 'merge'?", "mrege")]
    [InlineData("'--speed' is no option of 'merge'.", "merge", "--base", "x", "--adapter", "y", "--output", "z", "--speed", "fast")]
    [InlineData("'--adaptor' is no option of 'plan'. Did you mean '--adapter'?", "plan", "--base", "x", "--adaptor", "y")]
    [InlineData("'z' is one word too many for 'inspect'.", "inspect", "y", "z")]
    [InlineData("Say what to do: list, prune, clear.", "cache")]
    public async Task A_mistake_is_one_message_and_where_to_read_on(string message, params string[] arguments)
    {
        CommandLineRun run = await CommandLineRun.Of(arguments);

        string[] lines = run.Error.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith(message, lines[0], StringComparison.Ordinal);
        Assert.StartsWith("'lora-merge", lines[1], StringComparison.Ordinal);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
    }

    [Fact]
    public async Task Help_of_a_merge_begins_with_what_is_needed_and_hides_what_the_build_uses()
    {
        string help = (await CommandLineRun.Of("merge", "--help")).Output;

        string[] options = [.. help.Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith("--", StringComparison.Ordinal))];
        Assert.Equal(["--base", "--adapter", "--output"], options.Take(3).Select(option => option.Split(' ')[0]));
        Assert.All(options.Take(3), option => Assert.Contains("(REQUIRED)", option, StringComparison.Ordinal));
        Assert.All(
            (string[])["--store", "--state", "--parent-", "--newer-than", "--runtime", "build)"],
            word => Assert.DoesNotContain(word, help, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task The_version_is_a_version()
    {
        CommandLineRun run = await CommandLineRun.Of("--version");

        Assert.Equal((0, Merger.Version + Environment.NewLine), (run.ExitCode, run.Output));
        Assert.True(NuGet.Versioning.NuGetVersion.TryParse(run.Output.Trim(), out _));
    }

    [Fact]
    public async Task What_merges_run_on_can_be_asked()
    {
        CommandLineRun run = await CommandLineRun.Of("runtime", "show");

        Assert.StartsWith("TorchSharp ", run.Output, StringComparison.Ordinal);
        Assert.Contains("1 + 2 + 3 = 6", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_explains_its_numbers_and_lists_the_ten_that_differ_most()
    {
        TinyCheckpoint model = TinyCheckpoint.Llama();
        foreach (int i in Enumerable.Range(0, 12))
            model.Filled($"model.layers.{i}.post.weight", Safetensors.DType.F32, 2);
        using var bench = new Workbench(model, TinyAdapter.ForLlama());
        await bench.MergeAsync();
        foreach (int i in Enumerable.Range(0, 12))
            model.With($"model.layers.{i}.post.weight", Safetensors.DType.F32, [2], 100 + i, i);
        model.WriteTo(bench.Base);
        string[] verify = ["verify", bench.OutputPath, "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu"];

        string[] lines = (await CommandLineRun.Of(verify)).Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        string[] all = (await CommandLineRun.Of([.. verify, "--all"])).Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(["... and 2 more (--all lists them)", LoraMerge.Cli.ShortList.MeaningOfUlp], lines[10..12]);
        Assert.StartsWith("different: 12 of 20 tensors", lines[^1], StringComparison.Ordinal);
        Assert.Equal(lines.Length + 1, all.Length);
        bench.Passed();
    }
}
