using LoraMerge.Diagnostics;
using LoraMerge.Output;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Output;

/// <summary>Whole or not at all: what a merge leaves when it fails, is cancelled, or meets another one.</summary>
public sealed class OutputFolderTests
{
    [Fact]
    public async Task A_merge_that_is_cancelled_leaves_the_earlier_result_and_nothing_else()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        SortedDictionary<string, string> before = FolderContents.Of(bench.Folder);
        using var stop = new CancellationTokenSource();
        var merger = new Merger(happened =>
        {
            if (happened is MergeEvent.Progress)
                stop.Cancel();
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => merger.MergeAsync(bench.Request(), bench.OutputPath, stop.Token));

        Assert.Equal(before, FolderContents.Of(bench.Folder));
        bench.Passed();
    }

    [Fact]
    public async Task A_merge_that_is_interrupted_at_the_command_line_leaves_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Sends a signal with kill.");
        using var bench = new Workbench();
        WeightFile.WriteZeros(
            bench.InBase("model.safetensors"),
            [
                ("model.layers.0.self_attn.q_proj.weight", DType.BF16, [4, 4]),
                ("model.layers.1.mlp.up_proj.weight", DType.BF16, [6, 4]),
                ("filler.weight", DType.BF16, [400_000, 1000]),
            ]
        );
        using System.Diagnostics.Process merge = ChildProcess.Start([
            .. ChildProcess.LoraMerge,
            "merge",
            "--base",
            bench.Base,
            "--adapter",
            bench.Adapter,
            "--output",
            bench.OutputPath,
            "--device",
            "cpu",
            "--dtype",
            "float32",
        ]);
        while (!File.Exists(bench.OutputPath + ".lora-new/model.safetensors.partial") && !merge.HasExited)
            await Task.Delay(5, TestContext.Current.CancellationToken);

        await ChildProcess.Run("kill", "-INT", merge.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        ChildProcess run = await ChildProcess.WaitFor(merge);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("Cancelled", run.Error, StringComparison.Ordinal);
        Assert.Equal(["adapter", "base"], EntriesOf(bench));
        bench.Passed();
    }

    [Fact]
    public async Task A_second_merge_to_the_same_folder_at_the_same_time_is_refused()
    {
        using var bench = new Workbench();
        LoraMergeException? second = null;
        var first = new Merger(happened =>
        {
            if (happened is MergeEvent.Progress && second is null)
                second = Assert.Throws<LoraMergeException>(() => bench.MergeAsync().GetAwaiter().GetResult());
        });

        await first.MergeAsync(bench.Request(), bench.OutputPath, CancellationToken.None);

        Assert.Equal(DiagnosticCode.OutputNotWritable, second?.Code);
        Assert.Contains("Another merge is writing", second!.Message, StringComparison.Ordinal);
        AssertOnlyTheModel(bench);
        bench.Passed();
    }

    [Fact]
    public async Task An_input_that_is_gone_when_room_is_made_for_it_is_refused()
    {
        using var bench = new Workbench();
        var merger = new Merger(happened =>
        {
            if (happened is MergeEvent.Information { Text: var text } && text.StartsWith("Merging", StringComparison.Ordinal))
                File.Delete(bench.InBase("tokenizer.json"));
        });

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(
            () => merger.MergeAsync(bench.Request(), bench.OutputPath, CancellationToken.None));

        Assert.Equal((DiagnosticCode.InputChangedDuringMerge, bench.InBase("tokenizer.json")), (fault.Code, fault.File));
        Assert.Equal(["adapter", "base"], EntriesOf(bench));
        bench.Passed();
    }

    [Fact]
    public async Task Another_merge_is_kept_away_until_the_earlier_result_is_deleted()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        using var first = OutputFolder.Create(bench.OutputPath, [bench.Base]);
        first.Begin(["lora-merge.json"]);
        File.WriteAllText(Path.Combine(first.StagingFolder, "lora-merge.json"), "{}");

        first.Commit();
        LoraMergeException second = await Assert.ThrowsAsync<LoraMergeException>(() => bench.MergeAsync());
        first.Dispose();
        await bench.MergeAsync();

        Assert.Equal(DiagnosticCode.OutputNotWritable, second.Code);
        Assert.Contains("Another merge is writing", second.Message, StringComparison.Ordinal);
        AssertOnlyTheModel(bench);
        bench.Passed();
    }

    [Theory]
    [InlineData("notes.txt")]
    [InlineData("deep/below/notes.txt")]
    public async Task A_file_that_is_put_into_the_earlier_result_during_a_merge_stays_there(string name)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        SortedDictionary<string, string> expected = FolderContents.Of(bench.Folder);
        string path = Path.Combine(bench.OutputPath, name);
        var merger = new Merger(happened =>
        {
            if (happened is not MergeEvent.Progress)
                return;
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "mine");
        });

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(
            () => merger.MergeAsync(bench.Request(), bench.OutputPath, CancellationToken.None));

        Assert.Equal(DiagnosticCode.OutputNotOurs, fault.Code);
        Assert.Contains($"'{name}'", fault.Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(path));
        File.Delete(path);
        if (name.StartsWith("deep", StringComparison.Ordinal))
            Directory.Delete(Path.Combine(bench.OutputPath, "deep"), recursive: true);
        Assert.Equal(expected, FolderContents.Of(bench.Folder));
        bench.Passed();
    }

    [Fact]
    public async Task A_file_that_is_put_where_a_merge_works_stays_there()
    {
        using var bench = new Workbench();
        string path = Path.Combine(bench.OutputPath + ".lora-new", "notes.txt");
        var merger = new Merger(happened =>
        {
            if (happened is MergeEvent.Progress)
                File.WriteAllText(path, "mine");
        });

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(
            () => merger.MergeAsync(bench.Request(), bench.OutputPath, CancellationToken.None));

        Assert.Equal(DiagnosticCode.OutputNotOurs, fault.Code);
        Assert.Equal(["notes.txt"], FolderContents.Of(bench.OutputPath + ".lora-new").Keys);
        Assert.Equal("mine", File.ReadAllText(path));
        Assert.False(Directory.Exists(bench.OutputPath));
        bench.Passed();
    }

    [Theory]
    [InlineData("base/model.safetensors")]
    [InlineData("base/tokenizer.json")]
    [InlineData("adapter/adapter_config.json")]
    public async Task An_input_that_changes_while_it_is_merged_is_refused(string file)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        SortedDictionary<string, string> earlier = FolderContents.Of(bench.OutputPath);
        var merger = new Merger(happened =>
        {
            if (happened is MergeEvent.Progress)
                File.SetLastWriteTimeUtc(Path.Combine(bench.Folder, file), DateTime.UtcNow.AddMinutes(1));
        });

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(
            () => merger.MergeAsync(bench.Request(), bench.OutputPath, CancellationToken.None));

        Assert.Equal(DiagnosticCode.InputChangedDuringMerge, fault.Code);
        Assert.Equal(Path.Combine(bench.Folder, file), fault.File);
        Assert.Equal(earlier, FolderContents.Of(bench.OutputPath));
        AssertOnlyTheModel(bench);
        bench.Passed();
    }

    [Fact]
    public async Task An_input_that_is_cut_while_it_is_merged_is_refused()
    {
        using var bench = new Workbench();
        var merger = new Merger(happened =>
        {
            if (happened is MergeEvent.Information { Text: var text } && text.StartsWith("Merging", StringComparison.Ordinal))
            {
                using FileStream weights = File.OpenWrite(bench.InBase("model.safetensors"));
                weights.SetLength(weights.Length - 64);
            }
        });

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(
            () => merger.MergeAsync(bench.Request(), bench.OutputPath, CancellationToken.None));

        Assert.Equal(DiagnosticCode.InputChangedDuringMerge, fault.Code);
        Assert.False(Directory.Exists(bench.OutputPath));
        bench.Passed();
    }

    private static void AssertOnlyTheModel(Workbench bench)
    {
        Assert.Equal(["adapter", "base", "merged"], EntriesOf(bench));
        Assert.Equal(
            ["config.json", "generation_config.json", "lora-merge.json", "model.safetensors", "tokenizer.json"],
            Directory.EnumerateFiles(bench.OutputPath).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> EntriesOf(Workbench bench) =>
        Directory.EnumerateFileSystemEntries(bench.Folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);
}
