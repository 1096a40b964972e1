using System.Text.Json.Nodes;
using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Diagnostics;
using LoraMerge.Requests;
using LoraMerge.Store;
using LoraMerge.Writing;

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
    public async Task A_report_that_is_kept_goes_with_its_entry_and_no_other_file_of_its_name_does()
    {
        using var bench = new Workbench();
        MergeResult result = await new Merger().MergeIntoStoreAsync(
            bench.Request() with { IsMeasured = true },
            new StoreRequest(Store(bench), Path.Combine(bench.Folder, "measured.state"), NewerThan: null), CancellationToken.None);
        string kept = result.Folder + ".report", page = await File.ReadAllTextAsync(kept, TestContext.Current.CancellationToken);
        string orphan = Path.Combine(Store(bench), "gone-0123456789abcdef.report"), foreign = Path.Combine(Store(bench), "other-0123456789abcdef.report");
        await File.WriteAllTextAsync(orphan, page, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(foreign, "somebody's", TestContext.Current.CancellationToken);

        await CommandLineRun.Of(["cache", "prune", Store(bench)]);
        bool isKept = File.Exists(kept), isOrphanKept = File.Exists(orphan);
        CommandLineRun cleared = await CommandLineRun.Of(["cache", "clear", Store(bench)]);

        Assert.Equal(ReportMark.Of(result.Manifest.Key), page[..ReportMark.Of(result.Manifest.Key).Length]);
        Assert.Equal((true, false, false), (isKept, isOrphanKept, File.Exists(kept)));
        Assert.True(cleared.ExitCode == 0, cleared.Error);
        Assert.Equal("somebody's", await File.ReadAllTextAsync(foreign, TestContext.Current.CancellationToken));
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
    public async Task An_entry_that_was_not_marked_is_swept_wherever_its_deletion_ended()
    {
        using var bench = new Workbench();
        int count = 0;
        for (bool isLast = false; !isLast; count++)
        {
            string unmarked = Path.Combine(Store(bench), await Merge(bench, 1));
            File.Delete(unmarked + ".entry");
            string[] files = [.. Directory.GetFiles(unmarked).Where(file => Path.GetFileName(file) != "lora-merge.json")];
            foreach (string file in files.Take(count))
                File.Delete(file);
            isLast = count == files.Length;

            string next = await Merge(bench, 2 + count);

            Assert.False(Directory.Exists(unmarked));
            Assert.Contains(next, ModelsOf(bench));
        }
        Assert.Equal(5, count);
        bench.Passed();
    }

    [Fact]
    public async Task Where_locks_are_not_heeded_a_model_that_was_used_within_a_day_stays()
    {
        using var bench = new Workbench();
        string[] models = [await Merge(bench, 1), await Merge(bench, 2)];
        Use(bench, models[0], hoursAgo: 1).Dispose();
        Use(bench, models[1], hoursAgo: 25).Dispose();

        // .NET takes no locks then, as it does where the file system has none.
        ChildProcess run = await ChildProcess.Run(["env", "DOTNET_SYSTEM_IO_DISABLEFILELOCKING=1", .. ChildProcess.LoraMerge, "cache", "clear", Store(bench)]);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal([models[0]], ModelsOf(bench));
        bench.Passed();
    }

    private static string Store(Workbench bench) => Path.Combine(bench.Folder, "store");

    private static IEnumerable<string> ModelsOf(Workbench bench) =>
        new StoreContents(Store(bench)).List().Select(model => model.Name).Order(StringComparer.Ordinal);

    private static long LengthOf(Workbench bench, string name) =>
        Directory.EnumerateFiles(Path.Combine(Store(bench), name)).Sum(file => new FileInfo(file).Length);

    private static EntryLease Use(Workbench bench, string name, int hoursAgo)
    {
        EntryLease lease = EntryLease.TryUse(new EntryPlace(Store(bench), name), TestContext.Current.CancellationToken)!;
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
