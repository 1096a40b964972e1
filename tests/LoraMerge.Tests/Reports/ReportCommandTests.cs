using System.Text.Json.Nodes;
using LoraMerge.Agreed.Fingerprints;

namespace LoraMerge.Tests.Reports;

/// <summary><c>lora-merge report</c>, and <c>merge --report</c>.</summary>
public sealed class ReportCommandTests
{
    [Fact]
    public async Task A_line_tells_where_the_page_is()
    {
        using var bench = new Workbench();
        string page = Path.Combine(bench.Folder, "new", "page.html");

        CommandLineRun run = await CommandLineRun.Of("report", "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu", "--output", page);

        Assert.Equal((0, $"Report of base: {page}{Environment.NewLine}"), (run.ExitCode, run.Output));
        Assert.True(ReportMark.IsIn(page));
        bench.Passed();
    }

    [Fact]
    public async Task The_data_are_the_same_as_json()
    {
        using var bench = new Workbench();

        CommandLineRun run = await CommandLineRun.Of("report", "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu", "--json");

        JsonNode json = JsonNode.Parse(run.Output)!;
        Assert.Equal("Computation", (string)json["source"]!);
        Assert.Equal(2, json["tensors"]!.AsArray().Count);
        Assert.Equal("BF16", (string)json["tensors"]![0]!["dtype"]!);
        Assert.Equal(["base"], Directory.GetDirectories(bench.Folder).Select(Path.GetFileName).Where(name => name != "adapter"));
        bench.Passed();
    }

    [Fact]
    public async Task A_merge_makes_the_page_too_and_a_merged_model_tells_the_same_later()
    {
        using var bench = new Workbench();
        string page = Path.Combine(bench.Folder, "page.html");

        CommandLineRun merge = await bench.RunAsync("--report", page);
        CommandLineRun report = await CommandLineRun.Of(
            "report", bench.OutputPath, "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu", "--json");

        Assert.EndsWith($"Report of base: {page}{Environment.NewLine}", merge.Output, StringComparison.Ordinal);
        JsonNode json = JsonNode.Parse(report.Output)!;
        string text = await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken);
        Assert.All(json["tensors"]!.AsArray(), tensor => Assert.Contains($"<td>{tensor!["keptShare"]}</td>", text, StringComparison.Ordinal));
        Assert.All(json["manifest"]!["files"]!.AsObject(), file => Assert.Contains((string)file.Value!, text, StringComparison.Ordinal));
        bench.Passed();
    }

    [Fact]
    public async Task An_earlier_report_is_written_over_and_nothing_else_is()
    {
        using var bench = new Workbench();
        string page = Path.Combine(bench.Folder, "page.html");
        string[] report = ["report", "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu", "--output", page];

        Assert.Equal(0, (await CommandLineRun.Of(report)).ExitCode);
        Assert.Equal(0, (await CommandLineRun.Of(report)).ExitCode);
        await File.WriteAllTextAsync(page, "mine", TestContext.Current.CancellationToken);
        CommandLineRun refused = await CommandLineRun.Of(report);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("error LORA1150: ", refused.Error, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken));
        bench.Passed();
    }

    [Theory]
    [InlineData("base")]
    [InlineData("adapter")]
    [InlineData("output")]
    public async Task A_page_in_the_folder_of_a_model_is_refused_before_the_merge(string folder)
    {
        using var bench = new Workbench();
        string model = folder switch { "base" => bench.Base, "adapter" => bench.Adapter, _ => bench.OutputPath };

        CommandLineRun merge = await bench.RunAsync("--report", Path.Combine(model, "more", "page.html"));

        Assert.Equal((1, ""), (merge.ExitCode, merge.Output));
        Assert.Contains("error LORA1170: ", merge.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(bench.OutputPath));
        bench.Passed();
    }

    [Fact]
    public async Task A_page_in_the_merged_model_that_it_tells_of_is_refused()
    {
        using var bench = new Workbench();
        await bench.RunAsync();

        CommandLineRun report = await CommandLineRun.Of("report", bench.OutputPath, "--output", Path.Combine(bench.OutputPath, "page.html"));

        Assert.Contains("error LORA1170: ", report.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(bench.OutputPath, "page.html")));
        bench.Passed();
    }

    [Theory]
    [InlineData("", "LORA1101")]
    [InlineData(" ", "LORA1101")]
    [InlineData("new/", "LORA1101")]
    [InlineData("file/page.html", "LORA1109")]
    public async Task A_place_that_no_file_can_have_is_refused_before_the_merge(string name, string code)
    {
        using var bench = new Workbench();
        await File.WriteAllTextAsync(Path.Combine(bench.Folder, "file"), "mine", TestContext.Current.CancellationToken);
        string page = string.IsNullOrWhiteSpace(name) ? name : Path.Combine(bench.Folder, name);

        CommandLineRun merge = await bench.RunAsync("--report", page);

        Assert.Equal((1, ""), (merge.ExitCode, merge.Output));
        Assert.Contains($"error {code}: ", merge.Error, StringComparison.Ordinal);
        Assert.False(Path.Exists(Path.Combine(bench.Folder, "new")));
        bench.Passed();
    }

    [Fact]
    public async Task A_pipe_is_no_report_and_is_not_waited_for()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no pipes among its files.");
        using var bench = new Workbench();
        string pipe = Path.Combine(bench.Folder, "page.html");
        Assert.Equal(0, (await ChildProcess.Run(["mkfifo", pipe])).ExitCode);

        CommandLineRun merge = await bench.RunAsync("--report", pipe).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Contains("error LORA1150: ", merge.Error, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_page_that_fails_after_the_merge_does_not_hide_that_the_model_is_there()
    {
        using var bench = new Workbench();
        string page = Path.Combine(bench.Folder, new string('n', 250)); // too long only for the file beside it, by whose name it is replaced as a whole

        CommandLineRun merge = await bench.RunAsync("--report", page);

        Assert.Equal(1, merge.ExitCode);
        Assert.Contains("error LORA1109: ", merge.Error, StringComparison.Ordinal);
        Assert.Contains($"The merged model itself is in its place, whole, in '{bench.OutputPath}'", merge.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(bench.OutputPath, "lora-merge.json")));
        bench.Passed();
    }

    [Fact]
    public async Task A_foreign_file_is_seen_before_the_merge()
    {
        using var bench = new Workbench();

        CommandLineRun merge = await bench.RunAsync("--report", bench.InBase("config.json"));

        Assert.Equal((1, ""), (merge.ExitCode, merge.Output));
        Assert.Contains("error LORA1150: ", merge.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(bench.OutputPath));
        bench.Passed();
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_an_error()
    {
        using var bench = new Workbench();
        string[] report = ["report", "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu", "--output"];
        await File.WriteAllTextAsync(Path.Combine(bench.Folder, "file"), "mine", TestContext.Current.CancellationToken);

        CommandLineRun folder = await CommandLineRun.Of([.. report, bench.Base]);
        CommandLineRun below = await CommandLineRun.Of([.. report, Path.Combine(bench.Folder, "file", "page.html")]);

        Assert.Contains("error LORA1150: ", folder.Error, StringComparison.Ordinal);
        Assert.Contains("error LORA1109: ", below.Error, StringComparison.Ordinal);
        Assert.Equal((1, 1), (folder.ExitCode, below.ExitCode));
        bench.Passed();
    }

    [Theory]
    [InlineData]
    [InlineData("--base", "x")]
    [InlineData("merged", "--adapter", "x")]
    public async Task Something_to_report_has_to_be_named(params string[] arguments)
    {
        CommandLineRun run = await CommandLineRun.Of(["report", .. arguments]);

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("Give the folder of a merged model, or --base DIR and --adapter DIR", run.Error, StringComparison.Ordinal);
    }
}
