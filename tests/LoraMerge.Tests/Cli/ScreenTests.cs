using LoraMerge.Cli;
using LoraMerge.Cli.Terminal;
using LoraMerge.Diagnostics;
using Spectre.Console;
using Spectre.Console.Testing;

namespace LoraMerge.Tests.Cli;

/// <summary>What commands draw on a terminal. Elsewhere they print the lines that all other tests read.</summary>
public sealed class ScreenTests
{
    private static readonly string Sample = Path.Combine(Repository.Root, "sample-app");

    private static readonly string[] Inputs =
        ["--base", Path.Combine(Sample, "models", "base"), "--adapter", Path.Combine(Sample, "adapters", "pirate"), "--device", "cpu"];

    [Fact]
    public async Task A_plan_is_a_tree_in_which_blocks_share_a_branch()
    {
        string text = await ShowAsync(["plan", .. Inputs]);

        Assert.Contains("├── adapter pirate: names as written", text, StringComparison.Ordinal);
        Assert.Contains("── 28 tensors are computed", text, StringComparison.Ordinal);
        Assert.Contains("── model.layers.*.mlp.up_proj.weight (4 tensors) [352, 128] BF16", text, StringComparison.Ordinal);
        Assert.Contains("── lora of pirate, rank 8, scaling 2", text, StringComparison.Ordinal);
        Assert.InRange(text.Split('\n').Length, 10, 30);
    }

    [Fact]
    public async Task Facts_are_a_table()
    {
        string text = await ShowAsync(["inspect", Inputs[3]]);

        Assert.Contains("│ what ", text, StringComparison.Ordinal);
        Assert.Contains("╭", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Differences_are_a_table_and_a_verdict()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();

        string differs = await ShowAsync(["diff", bench.Base, bench.OutputPath], exitCode: 1);
        string equal = await ShowAsync(["verify", bench.OutputPath, "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu"]);

        Assert.Contains("│ model.layers.1.mlp.up_proj.weight", differs, StringComparison.Ordinal);
        Assert.Contains("different: 2 of 8 tensors, 0 of 3 other files", differs, StringComparison.Ordinal);
        Assert.Contains("equal: all 8 tensors", equal, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_store_is_a_table()
    {
        using var bench = new Workbench();
        string store = Path.Combine(bench.Folder, "store");
        await CommandLineRun.Of(
            "merge", "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu", "--store", store, "--state", Path.Combine(bench.Folder, "x.state"));

        string text = await ShowAsync(["cache", "list", store]);

        Assert.Contains("│ Model", text, StringComparison.Ordinal);
        Assert.Contains("│ base-", text, StringComparison.Ordinal);
        Assert.Contains("1 model, ", text, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_merge_says_the_same_lines()
    {
        using var bench = new Workbench();

        string text = await ShowAsync(["merge", .. Inputs, "--output", bench.OutputPath, "--name", "sea-tales"]);

        Assert.Contains("Merging pirate into base as sea-tales\n", text, StringComparison.Ordinal);
        Assert.Contains("Merged sea-tales: 28 of 38 tensors changed, 1.74 MB in ", text, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_bar_shows_how_far_a_merge_has_come_and_goes_away()
    {
        using var written = new WatchedWriter("50%");
        var settings = new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes, Out = new AnsiConsoleOutput(written) };
        IAnsiConsole screen = AnsiConsole.Create(settings);
        screen.Profile.Width = 200;

        int result = await MergeBar.RunAsync(screen, showsLines: true, async tell =>
        {
            tell(new MergeEvent.Information("Merging [a]"));
            tell(new MergeEvent.Progress(500_000, 1_000_000));
            await written.Seen.WaitAsync(TestContext.Current.CancellationToken);
            return 7;
        });

        Assert.Equal(7, result);
        Assert.Contains("Merging [a]", written.ToString(), StringComparison.Ordinal);
        Assert.Contains("━", written.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_build_s_worker_and_json_are_never_drawn()
    {
        using var bench = new Workbench();
        string[] merge = ["merge", "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu"];
        using var screen = Terminal();

        foreach (string[] arguments in (string[][])
            [
                [.. merge, "--store", Path.Combine(bench.Folder, "store"), "--state", Path.Combine(bench.Folder, "x.state")],
                [.. merge, "--output", bench.OutputPath, "--json"],
                ["plan", .. merge[1..], "--json"],
                ["report", .. merge[1..], "--json"],
                ["diff", bench.Base, bench.Base, "--json"],
            ])
            Assert.Equal(0, await CommandLine.RunAsync(arguments, TextWriter.Null, TextWriter.Null, screen));

        Assert.Equal("", screen.Output);
        bench.Passed();
    }

    [Fact]
    public async Task Names_of_files_are_neither_markup_nor_control_characters()
    {
        string name = "model.layers.0.self_attn.\u001b[31m[red]q[/].weight";
        using var bench = new Workbench(TinyCheckpoint.Llama().Filled(name, Safetensors.DType.F32, 2), TinyAdapter.ForLlama());
        TinyCheckpoint.Llama().WriteTo(Path.Combine(bench.Folder, "other"));

        string text = await ShowAsync(["diff", bench.Base, Path.Combine(bench.Folder, "other")], exitCode: 1);

        Assert.Contains("self_attn.\uFFFD[31m[red]q[/].weight", text, StringComparison.Ordinal);
        bench.Passed();
    }

    private static async Task<string> ShowAsync(string[] arguments, int exitCode = 0)
    {
        using TestConsole screen = Terminal();
        using var error = new StringWriter();
        using var output = new StringWriter();

        Assert.Equal((exitCode, ""), (await CommandLine.RunAsync(arguments, output, error, screen), error.ToString()));
        Assert.Equal("", output.ToString());
        return screen.Output;
    }

    private static TestConsole Terminal()
    {
        TestConsole screen = new TestConsole().SupportsAnsi(false).Interactive().Width(200);
        screen.Profile.Capabilities.Unicode = true;
        return screen;
    }

    /// <summary>Tells when a text was written: a bar is drawn by a thread of its own, beside which nobody may read what there is.</summary>
    private sealed class WatchedWriter(string text) : StringWriter
    {
        private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Seen => _seen.Task;

        public override void Write(string? value)
        {
            base.Write(value);
            if (value?.Contains(text, StringComparison.Ordinal) == true)
                _seen.TrySetResult();
        }
    }
}
