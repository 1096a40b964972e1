using System.Text.Json.Nodes;
using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.FileSystem;
using LoraMerge.Diagnostics;
using LoraMerge.Output;
using LoraMerge.Requests;
using LoraMerge.Safetensors;
using LoraMerge.Store;
using LoraMerge.Writing;

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
        TinyAdapter
            .ForLlama()
            .With("model.layers.1.mlp.up_proj.lora_A.weight", DType.F32, [2, 4], [.. Enumerable.Repeat(double.NaN, 8)])
            .WriteTo(bench.Adapter);
        SortedDictionary<string, string> before = FolderContents.Of(bench.Folder);

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => Merge(bench));

        Assert.Equal(DiagnosticCode.AdapterNotFinite, fault.Code);
        Assert.Equal(entry, FolderContents.Of(result.Folder));
        Assert.Equal(before, FolderContents.Of(bench.Folder));
        bench.Passed();
    }

    [Theory]
    [InlineData("tokenizer.json")]
    [InlineData("lora-merge.json")]
    public async Task A_damaged_entry_is_merged_again(string file)
    {
        using var bench = new Workbench();
        MergeResult result = await Merge(bench);
        SortedDictionary<string, string> expected = FolderContents.Of(result.Folder);
        string[] entries = Directory.GetFileSystemEntries(Path.Combine(bench.Folder, "store"));
        File.WriteAllText(Path.Combine(result.Folder, file), "damaged");

        await Merge(bench);

        Assert.Equal(expected, FolderContents.Of(result.Folder));
        Assert.Equal(entries.Order(StringComparer.Ordinal), Directory.GetFileSystemEntries(Path.Combine(bench.Folder, "store")).Order(StringComparer.Ordinal));
        bench.Passed();
    }

    [Fact]
    public async Task What_a_killed_merge_has_left_is_removed()
    {
        using var bench = new Workbench();
        string empty = Path.Combine(bench.Folder, "store", PartialName.For("base"));
        string half = Path.Combine(bench.Folder, "store", PartialName.For("base"));
        Directory.CreateDirectory(empty);
        StagedFolder.Begin(half, ["model.safetensors", "lora-merge.json"]);
        File.WriteAllText(Path.Combine(half, "model.safetensors.partial"), "half");
        File.WriteAllText(Path.Combine(bench.Folder, "store", PartialName.For("base-0123456789abcdef.entry")), "lora-merge en");

        MergeResult result = await Merge(bench);

        Assert.Equal(
            [".lora-merge.lock", Path.GetFileName(result.Folder), Path.GetFileName(result.Folder) + ".entry"],
            Directory.EnumerateFileSystemEntries(Path.Combine(bench.Folder, "store")).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
        bench.Passed();
    }

    [Fact]
    public async Task What_others_keep_in_the_folder_stays_there()
    {
        using var bench = new Workbench();
        string store = Path.Combine(bench.Folder, "store");
        await bench.MergeAsync();
        string[] texts =
        [
            "photos.partial/a.jpg", "base.partial/mine.txt", "big.download.partial", "diary.use", "shots-0123456789abcdef.use", "index.entry",
            "photos-0123456789abcdef/a.jpg",
        ];
        foreach (string text in texts)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(store, text))!);
            File.WriteAllText(Path.Combine(store, text), "mine");
            File.SetLastWriteTimeUtc(Path.Combine(store, text), DateTime.UtcNow.AddDays(-2));
        }
        Directory.CreateDirectory(Path.Combine(store, "empty.partial"));
        Directory.CreateDirectory(Path.Combine(store, "empty-0123456789abcdef"));
        Directory.Move(bench.OutputPath, Path.Combine(store, "base-0123456789abcdef")); // a model, but of another key
        SortedDictionary<string, string> before = FolderContents.Of(store);

        await Merge(bench);
        CommandLineRun pruned = await CommandLineRun.Of("cache", "clear", store);

        Assert.Equal((0, ""), (pruned.ExitCode, pruned.Error));
        SortedDictionary<string, string> after = FolderContents.Of(store);
        after.Remove(".lora-merge.lock");
        Assert.Equal(before, after);
        bench.Passed();
    }

    [Fact]
    public async Task A_file_that_is_put_into_an_entry_outlives_it()
    {
        using var bench = new Workbench();
        MergeResult result = await Merge(bench);
        File.WriteAllText(Path.Combine(result.Folder, "notes.txt"), "mine");

        CommandLineRun cleared = await CommandLineRun.Of("cache", "clear", Path.Combine(bench.Folder, "store"));

        Assert.Contains("Left: 0 models", cleared.Output, StringComparison.Ordinal);
        Assert.Equal(["notes.txt"], FolderContents.Of(result.Folder).Keys);
        bench.Passed();
    }

    [Fact]
    public async Task A_rebuild_leaves_an_entry_that_holds_a_file_of_somebody_else()
    {
        using var bench = new Workbench();
        MergeResult result = await Merge(bench);
        File.WriteAllText(Path.Combine(result.Folder, "notes.txt"), "mine");
        SortedDictionary<string, string> before = FolderContents.Of(bench.Folder);

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => Merge(bench, newerThan: DateTime.UtcNow));
        File.Delete(Path.Combine(result.Folder, "notes.txt"));
        before.Remove(Path.GetRelativePath(bench.Folder, Path.Combine(result.Folder, "notes.txt")));

        Assert.Equal(DiagnosticCode.EntryHoldsForeignFile, fault.Code);
        Assert.Contains("'notes.txt'", fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, FolderContents.Of(bench.Folder));
        await Merge(bench, newerThan: DateTime.UtcNow);
        bench.Passed();
    }

    [Fact]
    public async Task An_entry_that_cannot_be_marked_takes_no_room()
    {
        using var bench = new Workbench();
        string name = new('n', 200); // as a folder's name it fits; as that of the mark, until it is whole, it does not

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => Merge(bench, name: name));

        Assert.Equal(DiagnosticCode.OutputNotWritable, fault.Code);
        Assert.Equal([".lora-merge.lock"], FolderContents.Of(Path.Combine(bench.Folder, "store")).Keys);
        bench.Passed();
    }

    [Fact]
    public async Task An_entry_whose_user_cannot_be_read_is_kept()
    {
        using var bench = new Workbench();
        new StoreUsers(Path.Combine(bench.Folder, "store")).Open();
        MergeResult first = await Merge(bench);
        string user = Directory.GetFiles(Path.Combine(bench.Folder, "store", "users")).Single();
        File.Delete(user);
        string unreadable = Path.Combine(Path.GetDirectoryName(user)!, new string('0', 32));
        File.CreateSymbolicLink(unreadable, unreadable);

        await Merge(bench, weight: 2);
        bool isKept = Directory.Exists(first.Folder);
        File.Delete(unreadable);
        await Merge(bench, weight: 3);

        Assert.True(isKept);
        Assert.False(Directory.Exists(first.Folder));
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
        Assert.Equal(
            ["adapter", "base", "store"],
            Directory.EnumerateFileSystemEntries(bench.Folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)
        );
        bench.Passed();
    }

    private static Task<MergeResult> Merge(
        Workbench bench, Action<MergeEvent>? report = null, string? name = null, double weight = 1, DateTime? newerThan = null) =>
        new Merger(report).MergeIntoStoreAsync(
            bench.Request() with { Name = name, Adapters = [new AdapterRequest(bench.Adapter, weight)] },
            new StoreRequest(Path.Combine(bench.Folder, "store"), Path.Combine(bench.Folder, "obj", "base.state"), newerThan),
            CancellationToken.None);
}
