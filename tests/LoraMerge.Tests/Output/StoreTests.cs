using System.Text.Json.Nodes;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Output;

/// <summary>Merges into a build's store: an entry counts when it is complete, and a fault leaves the entries that are there.</summary>
public sealed class StoreTests
{
    [Fact]
    public async Task The_same_inputs_give_the_entry_that_is_there()
    {
        using var bench = new Workbench();
        MergeResult first = await Merge(bench);
        File.SetLastWriteTimeUtc(bench.InBase("config.json"), DateTime.UtcNow.AddDays(-1));

        var events = new List<MergeEvent>();
        MergeResult second = await Merge(bench, events.Add);

        Assert.Equal((first.Folder, first.Manifest.Key), (second.Folder, second.Manifest.Key));
        Assert.Empty(events);
        bench.Passed();
    }

    [Fact]
    public async Task The_plan_tells_the_key_that_the_entry_will_have()
    {
        using var bench = new Workbench();

        CommandLineRun plan = await CommandLineRun.Of(["plan", "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu", "--json"]);
        MergeResult merged = await Merge(bench);

        Assert.Equal(merged.Manifest.Key, JsonNode.Parse(plan.Output)!["key"]!.GetValue<string>());
        Assert.StartsWith("base-" + merged.Manifest.Key[..16], Path.GetFileName(merged.Folder), StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_fault_leaves_the_entry_and_its_state()
    {
        using var bench = new Workbench();
        MergeResult result = await Merge(bench);
        SortedDictionary<string, string> entry = FolderContents.Of(result.Folder);
        TinyAdapter.ForLlama().With("model.layers.1.mlp.up_proj.lora_A.weight", DType.F32, [2, 4], [.. Enumerable.Repeat(double.NaN, 8)]).WriteTo(bench.Adapter);
        SortedDictionary<string, string> before = FolderContents.Of(bench.Folder);

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => Merge(bench));

        Assert.Equal(DiagnosticCode.AdapterNotFinite, fault.Code);
        Assert.Equal(entry, FolderContents.Of(result.Folder));
        Assert.Equal(before, FolderContents.Of(bench.Folder));
        bench.Passed();
    }

    [Fact]
    public async Task A_damaged_entry_is_merged_again()
    {
        using var bench = new Workbench();
        MergeResult result = await Merge(bench);
        SortedDictionary<string, string> expected = FolderContents.Of(result.Folder);
        File.WriteAllText(Path.Combine(result.Folder, "tokenizer.json"), "damaged");

        await Merge(bench);

        Assert.Equal(expected, FolderContents.Of(result.Folder));
        bench.Passed();
    }

    [Fact]
    public async Task What_a_killed_merge_has_left_is_removed()
    {
        using var bench = new Workbench();
        Directory.CreateDirectory(Path.Combine(bench.Folder, "store", "base.partial"));
        File.WriteAllText(Path.Combine(bench.Folder, "store", "base.partial", "model.safetensors.partial"), "half");

        await Merge(bench);

        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(bench.Folder, "store"), "*.partial"));
        bench.Passed();
    }

    [Fact]
    public async Task A_state_file_that_cannot_be_written_is_a_coded_error()
    {
        using var bench = new Workbench();
        File.WriteAllText(Path.Combine(bench.Folder, "obj"), "a file in the place of a folder");

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => Merge(bench));

        Assert.Equal(DiagnosticCode.OutputNotWritable, fault.Code);
        Assert.Contains("base.state", fault.Message, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_store_that_is_a_file_is_a_coded_error()
    {
        using var bench = new Workbench();
        File.WriteAllText(Path.Combine(bench.Folder, "store"), "mine");

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => Merge(bench));

        Assert.Equal(DiagnosticCode.OutputNotWritable, fault.Code);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(bench.Folder, "store")));
        bench.Passed();
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("a/b")]
    [InlineData("..")]
    public async Task A_name_cannot_leave_the_store(string name)
    {
        using var bench = new Workbench();
        SortedDictionary<string, string> before = FolderContents.Of(bench.Base);

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => Merge(bench, name: name));

        Assert.Equal(DiagnosticCode.ArgumentInvalid, fault.Code);
        Assert.Equal(before, FolderContents.Of(bench.Base));
        Assert.Equal(["adapter", "base", "store"], Directory.EnumerateFileSystemEntries(bench.Folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
        bench.Passed();
    }

    private static Task<MergeResult> Merge(Workbench bench, Action<MergeEvent>? report = null, string? name = null) =>
        new Merger(report).MergeIntoStoreAsync(
            bench.Request() with { Name = name }, new StoreRequest(Path.Combine(bench.Folder, "store"), Path.Combine(bench.Folder, "obj", "base.state"), null), CancellationToken.None);
}
