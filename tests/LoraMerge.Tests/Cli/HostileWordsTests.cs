using System.Text.Json.Nodes;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Cli;

/// <summary>Names that stand in a stranger's files, where they are printed: no terminal obeys them, and none of them looks like a line of ours.</summary>
public sealed class HostileWordsTests
{
    private const string Evil = "x\u001b[31m\u202E\nbase: error LORA1234: injected";
    private const string Shown = "x\uFFFD[31m\uFFFD base: error LORA1234: injected";

    [Fact]
    public async Task Of_an_adapter_that_is_looked_at()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().Config("base_model_name_or_path", Evil));

        CommandLineRun run = await CommandLineRun.Of("inspect", bench.Adapter);

        AssertShown(run.Output);
        bench.Passed();
    }

    [Fact]
    public async Task Of_tensors_in_a_comparison_and_in_a_plan()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().Filled($"model.layers.0.{Evil}.weight", DType.BF16, 4, 4), TinyAdapter.ForLlama().Module($"model.layers.0.{Evil}", 4, 4));
        string other = TinyCheckpoint.Llama().WriteTo(Path.Combine(bench.Folder, "other"));

        AssertShown((await CommandLineRun.Of("diff", bench.Base, other)).Output);
        AssertShown((await CommandLineRun.Of("plan", "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu")).Output);
        bench.Passed();
    }

    [Fact]
    public async Task Of_a_merged_model_that_a_page_is_made_of()
    {
        using var bench = new Workbench();
        await bench.RunAsync();
        string manifest = Path.Combine(bench.OutputPath, "lora-merge.json");
        JsonNode json = JsonNode.Parse(await File.ReadAllTextAsync(manifest, TestContext.Current.CancellationToken))!;
        json["name"] = Evil;
        await File.WriteAllTextAsync(manifest, json.ToJsonString(), TestContext.Current.CancellationToken);

        CommandLineRun run = await CommandLineRun.Of("report", bench.OutputPath, "--output", Path.Combine(bench.Folder, "page.html"));

        AssertShown(run.Output);
        bench.Passed();
    }

    [Fact]
    public async Task Of_files_that_stay_behind()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "No file of Windows can have such a name.");
        using var bench = new Workbench();
        await File.WriteAllTextAsync(bench.InBase(Evil), "", TestContext.Current.CancellationToken);

        AssertShown((await bench.RunAsync()).Output);
        bench.Passed();
    }

    [Fact]
    public async Task Of_the_base_which_the_model_would_be_named_after()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "No folder of Windows can have such a name.");
        using var bench = new Workbench();
        string hostile = Path.Combine(bench.Folder, Evil);
        Directory.Move(bench.Base, hostile);
        bench.Base = hostile;

        CommandLineRun refused = await bench.RunAsync();
        CommandLineRun named = await bench.RunAsync("--name", "chat");

        Assert.Contains("error LORA1101: ", refused.Error, StringComparison.Ordinal);
        Assert.True(named.ExitCode == 0, named.Error);
        bench.Passed();
    }

    private static void AssertShown(string output)
    {
        Assert.Contains(Shown, output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output);
        Assert.DoesNotContain('\u202E', output);
        Assert.DoesNotContain("\nbase:", output, StringComparison.Ordinal);
    }
}
