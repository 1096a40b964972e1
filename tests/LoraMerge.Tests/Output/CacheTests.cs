using System.Text.Json.Nodes;
using LoraMerge.Diagnostics;
using LoraMerge.Incremental;

namespace LoraMerge.Tests.Output;

/// <summary>A store of merged models makes room: what was used longest ago goes first, and what a build uses never goes.</summary>
public sealed class CacheTests
{
    [Fact]
    public async Task The_model_that_was_used_longest_ago_makes_room_and_one_in_use_never_does()
    {
        using var bench = new Workbench();
        string[] models = [await Merge(bench, 1), await Merge(bench, 2), await Merge(bench, 3)];
        long length = LengthOf(bench, models[0]);
        using EntryLease oldestInUse = Use(bench, models[0], hoursAgo: 3);
        Use(bench, models[1], hoursAgo: 1).Dispose();
        Use(bench, models[2], hoursAgo: 2).Dispose();

        string newest = await Merge(bench, 4, maxSize: new ByteSize((length * 3) + 1000, "three models"));

        Assert.Equal(new[] { models[0], models[1], newest }.Order(StringComparer.Ordinal), ModelsOf(bench));
        bench.Passed();
    }

    [Fact]
    public async Task A_limit_that_cannot_be_held_is_said_and_fails_nothing()
    {
        using var bench = new Workbench();
        string first = await Merge(bench, 1);
        using EntryLease inUse = Use(bench, first, hoursAgo: 3);

        var events = new List<MergeEvent>();
        string second = await Merge(bench, 2, new ByteSize(1000, "1KB"), events.Add);

        Assert.Equal(new[] { first, second }.Order(StringComparer.Ordinal), ModelsOf(bench));
        Assert.Contains(events.OfType<MergeEvent.Information>(), said => said.Text.Contains("more than its limit of 1KB", StringComparison.Ordinal));
        bench.Passed();
    }

    [Fact]
    public async Task The_command_lists_prunes_and_clears()
    {
        using var bench = new Workbench();
        string[] models = [await Merge(bench, 1), await Merge(bench, 2)];
        Use(bench, models[0], hoursAgo: 73).Dispose();
        using EntryLease inUse = Use(bench, models[1], hoursAgo: 0);

        CommandLineRun listed = await CommandLineRun.Of(["cache", "list", Store(bench), "--json"]);
        CommandLineRun pruned = await CommandLineRun.Of(["cache", "prune", Store(bench), "--unused-for", "3"]);
        string third = await Merge(bench, 3);
        CommandLineRun cleared = await CommandLineRun.Of(["cache", "clear", Store(bench)]);
        CommandLineRun clearedAgain = await CommandLineRun.Of(["cache", "clear", Store(bench), "--json"]);

        JsonArray list = JsonNode.Parse(listed.Output)!.AsArray();
        Assert.Equal([models[1], models[0]], list.Select(model => model!["name"]!.GetValue<string>()));
        Assert.Equal([true, false], list.Select(model => model!["isInUse"]!.GetValue<bool>()));
        Assert.Equal(LengthOf(bench, models[1]), list[0]!["byteLength"]!.GetValue<long>());
        Assert.Contains($"Removed {Path.GetFileName(models[0])}", pruned.Output, StringComparison.Ordinal);
        Assert.Contains($"Removed {Path.GetFileName(third)}", cleared.Output, StringComparison.Ordinal);
        Assert.Contains("Left: 1 model", cleared.Output, StringComparison.Ordinal);
        Assert.Equal((0, 1), (JsonNode.Parse(clearedAgain.Output)!["removed"]!.AsArray().Count, JsonNode.Parse(clearedAgain.Output)!["left"]!.AsArray().Count));
        Assert.Equal([models[1]], ModelsOf(bench));
        bench.Passed();
    }

    [Fact]
    public async Task What_is_no_store_is_left_alone()
    {
        using var bench = new Workbench();
        SortedDictionary<string, string> before = FolderContents.Of(bench.Folder);

        CommandLineRun run = await CommandLineRun.Of(["cache", "clear", bench.Base]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("error LORA6051: ", run.Error, StringComparison.Ordinal);
        Assert.Equal(before, FolderContents.Of(bench.Folder));
        bench.Passed();
    }

    [Fact]
    public async Task What_killed_merges_left_is_swept_and_folders_of_others_stay()
    {
        using var bench = new Workbench();
        string whole = await Merge(bench, 1);
        string unmarked = Path.Combine(Store(bench), "base-0123456789abcdef");
        Directory.CreateDirectory(unmarked);
        File.Copy(Path.Combine(Store(bench), whole, "lora-merge.json"), Path.Combine(unmarked, "lora-merge.json"));
        string half = Directory.CreateDirectory(Path.Combine(Store(bench), "base.partial")).FullName;
        string foreign = Directory.CreateDirectory(Path.Combine(Store(bench), "photos-0123456789abcdef")).FullName;

        string next = await Merge(bench, 2);

        Assert.Equal((false, false, true), (Directory.Exists(unmarked), Directory.Exists(half), Directory.Exists(foreign)));
        Assert.Equal(new[] { next, whole }.Order(StringComparer.Ordinal), ModelsOf(bench));
        bench.Passed();
    }

    private static string Store(Workbench bench) => Path.Combine(bench.Folder, "store");

    private static IEnumerable<string> ModelsOf(Workbench bench) => StoreContents.List(Store(bench)).Select(model => model.Name).Order(StringComparer.Ordinal);

    private static long LengthOf(Workbench bench, string name) => Directory.EnumerateFiles(Path.Combine(Store(bench), name)).Sum(file => new FileInfo(file).Length);

    private static EntryLease Use(Workbench bench, string name, int hoursAgo)
    {
        EntryLease lease = EntryLease.TryUse(Store(bench), name, TestContext.Current.CancellationToken)!;
        File.SetLastWriteTimeUtc(Path.Combine(Store(bench), name + ".use"), DateTime.UtcNow.AddHours(-hoursAgo));
        return lease;
    }

    private static async Task<string> Merge(Workbench bench, double weight, ByteSize? maxSize = null, Action<MergeEvent>? report = null)
    {
        MergeRequest request = bench.Request() with { Adapters = [new AdapterRequest(bench.Adapter, weight)] };
        var into = new StoreRequest(Store(bench), Path.Combine(bench.Folder, "obj", "base.state"), null) { MaxSize = maxSize };
        MergeResult result = await new Merger(report).MergeIntoStoreAsync(request, into, CancellationToken.None);
        return Path.GetFileName(result.Folder);
    }
}
