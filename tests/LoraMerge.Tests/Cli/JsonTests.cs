using System.Text.Json.Nodes;

namespace LoraMerge.Tests.Cli;

/// <summary>What programs may read they can have as JSON: one document on standard output, and nothing else there.</summary>
public sealed class JsonTests
{
    [Fact]
    public async Task A_merge_says_what_it_made()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().WithoutFile("tokenizer.json"), TinyAdapter.ForLlama());

        CommandLineRun run = await bench.RunAsync("--json", "--name", "tales");

        JsonNode json = JsonNode.Parse(run.Output)!;
        Assert.Equal(("tales", bench.OutputPath, 2), ((string?)json["name"], (string?)json["folder"], (int)json["changedTensors"]!));
        Assert.Equal(["config.json", "generation_config.json", "model.safetensors"], json["files"]!.AsArray().Select(file => (string)file!));
        Assert.Equal("LORA2031", (string?)json["warnings"]![0]!["code"]);
        Assert.Equal(32, ((string)json["key"]!).Length);
        bench.Passed();
    }

    [Fact]
    public async Task Verify_says_what_differs()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        string[] verify = ["verify", bench.OutputPath, "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu", "--json"];

        CommandLineRun equal = await CommandLineRun.Of(verify);
        await File.WriteAllTextAsync(Path.Combine(bench.OutputPath, "tokenizer.json"), "{}", TestContext.Current.CancellationToken);
        CommandLineRun differs = await CommandLineRun.Of(verify);

        Assert.Equal((0, true), (equal.ExitCode, (bool)JsonNode.Parse(equal.Output)!["equal"]!));
        Assert.Equal((1, false), (differs.ExitCode, (bool)JsonNode.Parse(differs.Output)!["equal"]!));
        Assert.Equal("tokenizer.json", (string?)JsonNode.Parse(differs.Output)!["files"]![0]!["path"]);
        bench.Passed();
    }

    [Fact]
    public async Task What_merges_run_on_is_said_too()
    {
        CommandLineRun run = await CommandLineRun.Of("runtime", "show", "--json");

        Assert.Equal((Merger.Version, 6), ((string?)JsonNode.Parse(run.Output)!["loraMerge"], (int)JsonNode.Parse(run.Output)!["sum"]!));
    }
}
