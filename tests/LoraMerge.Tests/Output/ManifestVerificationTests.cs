using System.Text.Json.Nodes;
using LoraMerge.Agreed.Entries;
using LoraMerge.Comparing;
using LoraMerge.Diagnostics;
using LoraMerge.Manifests;
using LoraMerge.Requests;
using LoraMerge.Store;
using LoraMerge.Writing;

namespace LoraMerge.Tests.Output;

/// <summary>
/// The manifest is part of what is verified: what it says of adapters, options and hashes must be what the merge would write, and true of the files.
/// </summary>
public sealed class ManifestVerificationTests
{
    [Fact]
    public async Task The_weights_of_one_merge_under_the_manifest_of_another_are_equal_to_neither()
    {
        using var bench = new Workbench();
        MergeRequest one = bench.Request(), other = one with { Adapters = [new AdapterRequest(bench.Adapter, 0.5)] };
        await bench.MergeAsync(other);
        string manifest = File.ReadAllText(ManifestOf(bench));
        await bench.MergeAsync(one);
        File.WriteAllText(ManifestOf(bench), manifest);

        ModelComparison asWeights = await VerifyAsync(bench, one), asManifest = await VerifyAsync(bench, other);

        Assert.Empty(asWeights.Differences);
        Assert.Contains("adapters[0].weight: 0.5 is listed, 1 expected", asWeights.Manifest);
        Assert.Contains(asWeights.Manifest, line => line.StartsWith("'model.safetensors' is listed with the hash ", StringComparison.Ordinal));
        Assert.Equal((false, false), (asWeights.IsEqual, asManifest.IsEqual));
        bench.Passed();
    }

    [Fact]
    public async Task A_model_without_its_manifest_is_not_equal()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.Delete(ManifestOf(bench));

        CommandLineRun run = await CommandLineRun.Of("verify", bench.OutputPath, "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu");

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(
            ["lora-merge.json: missing: the model may have been left in the middle", "different: 0 of 8 tensors, 1 other file"],
            run.Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        bench.Passed();
    }

    [Fact]
    public async Task A_manifest_that_cannot_be_used_is_an_error()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.WriteAllText(ManifestOf(bench), File.ReadAllText(ManifestOf(bench))[..100]);

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => VerifyAsync(bench, bench.Request()));

        Assert.Equal(DiagnosticCode.ManifestInvalid, fault.Code);
        bench.Passed();
    }

    [Theory]
    [InlineData("""{"adapters": [{"name": "other"}]}""", "adapters[0].name: \"other\" is listed, \"adapter\" expected")]
    [InlineData("""{"adapters": [{"weight": 2}]}""", "adapters[0].weight: 2 is listed, 1 expected")]
    [InlineData("""{"adapters": [{"files": {"adapter_model.safetensors": "00"}}]}""", "adapters[0].files.adapter_model.safetensors: \"00\" is listed, ")]
    [InlineData("""{"base": {"name": "other"}}""", "base.name: \"other\" is listed, \"base\" expected")]
    [InlineData("""{"base": {"files": {"model.safetensors": "00"}}}""", "base.files.model.safetensors: \"00\" is listed, ")]
    [InlineData("""{"options": {"dtype": "float32"}}""", "options.dtype: \"float32\" is listed, \"auto\" expected")]
    [InlineData("""{"options": {"combine": "cat"}}""", "options.combine: \"cat\" is listed, \"sequential\" expected")]
    [InlineData("""{"options": {"density": "0.5"}}""", "options.density: \"0.5\" is listed, nothing expected")]
    [InlineData("""{"files": {"model.safetensors": "00"}}""", "'model.safetensors' is listed with the hash 00, it has ")]
    [InlineData("""{"files": {"config.json": null}}""", "'config.json' is not listed")]
    [InlineData("""{"files": {"../secret": "00"}}""", "'../secret' is listed, which the merge does not write")]
    [InlineData("""{"sha256": {"model.safetensors": "00"}}""", "'model.safetensors' is listed with the SHA-256 00, it has ")]
    [InlineData(
        """{"tensors": {"model.layers.1.mlp.up_proj.weight": {"deltas": [{"scaling": 3}]}}}""",
        "tensors['model.layers.1.mlp.up_proj.weight'].deltas[0].scaling: 3 is listed, "
    )]
    [InlineData("""{"tensors": {"lm_head.weight": {"deltas": []}}}""", "tensors['lm_head.weight']: {\"deltas\":[]} is listed, nothing expected")]
    public async Task A_manifest_that_says_something_else_is_named(string change, string expected)
    {
        using var bench = new Workbench();
        await bench.MergeAsync(bench.Request() with { Verification = Verification.Full });
        JsonObject manifest = JsonNode.Parse(File.ReadAllText(ManifestOf(bench)))!.AsObject();
        Change(manifest, JsonNode.Parse(change)!.AsObject());
        File.WriteAllText(ManifestOf(bench), manifest.ToJsonString());

        ModelComparison comparison = await VerifyAsync(bench, bench.Request());

        Assert.False(comparison.IsEqual);
        Assert.StartsWith(expected, Assert.Single(comparison.Manifest), StringComparison.Ordinal);
        bench.Passed();
    }

    [Theory]
    [InlineData("""{"tool": "0.9.0", "key": "00"}""")]
    [InlineData("""{"name": "chat"}""")]
    [InlineData("""{"options": {"device": "auto"}}""")]
    [InlineData("""{"base": {"version": "1.2.0"}, "adapters": [{"version": "2.0.0", "baseVersionRange": "[1,2)"}]}""")]
    public async Task What_was_not_asked_and_decides_no_byte_is_not_held_against_a_model(string change)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        JsonObject manifest = JsonNode.Parse(File.ReadAllText(ManifestOf(bench)))!.AsObject();
        Change(manifest, JsonNode.Parse(change)!.AsObject());
        File.WriteAllText(ManifestOf(bench), manifest.ToJsonString());

        ModelComparison comparison = await VerifyAsync(bench, bench.Request());

        Assert.True(
            comparison.IsEqual,
            string.Join('\n', [.. comparison.Differences.Select(one => one.Describe()), .. comparison.Files, .. comparison.Manifest])
        );
        bench.Passed();
    }

    [Fact]
    public async Task A_model_of_a_store_in_several_files_is_equal()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().InShards(2), TinyAdapter.ForLlama());
        var into = new StoreRequest(Path.Combine(bench.Folder, "store"), Path.Combine(bench.Folder, "obj", "base.state"), null);
        MergeRequest request = bench.Request() with { Name = "chat", MaxShardSize = new ByteSize(300, "300") };
        MergeResult stored = await new Merger().MergeIntoStoreAsync(request, into, CancellationToken.None);

        ModelComparison comparison = await new Merger().VerifyAsync(request, stored.Folder, CancellationToken.None);

        Assert.True(
            comparison.IsEqual,
            string.Join('\n', [.. comparison.Differences.Select(one => one.Describe()), .. comparison.Files, .. comparison.Manifest])
        );
        Assert.Contains("model.safetensors.index.json", stored.Manifest.Files.Keys);
        bench.Passed();
    }

    [Fact]
    public async Task The_lines_of_a_manifest_tell_its_files_without_a_reader_of_json()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().InShards(2).File("sub/ü \"quoted\".txt", "x").File("sub/ünïcode.txt", "x"),
            TinyAdapter.ForLlama()
        );
        MergeResult result = await bench.MergeAsync();

        IEnumerable<string> files = ManifestLines.FilesOf(ManifestOf(bench));

        // A name that needs escapes is nobody's: it stays where it is.
        Assert.Equal(result.Manifest.Files.Keys.Where(name => !name.Contains('"', StringComparison.Ordinal)), files);
        Assert.Empty(ManifestLines.FilesOf(bench.InBase("config.json")));
        bench.Passed();
    }

    private static string ManifestOf(Workbench bench) => Path.Combine(bench.OutputPath, MergeManifest.FileName);

    private static Task<ModelComparison> VerifyAsync(Workbench bench, MergeRequest request) =>
        new Merger().VerifyAsync(request, bench.OutputPath, CancellationToken.None);

    private static void Change(JsonObject node, JsonObject change)
    {
        foreach ((string name, JsonNode? value) in change)
        {
            if (value is JsonObject inner && node[name] is JsonObject here)
                Change(here, inner);
            else if (value is JsonArray { Count: > 0 } array && node[name] is JsonArray list)
                Change(list[0]!.AsObject(), array[0]!.AsObject());
            else if (value is null)
                node.Remove(name);
            else
                node[name] = value.DeepClone();
        }
    }
}
