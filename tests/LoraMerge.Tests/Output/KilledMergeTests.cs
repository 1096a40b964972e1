using LoraMerge.Diagnostics;
using LoraMerge.Output;

namespace LoraMerge.Tests.Output;

/// <summary>Whatever a kill leaves beside an output folder, at any step, the next merge knows, and nothing stays.</summary>
public sealed class KilledMergeTests
{
    private static readonly string[] s_model =
        ["additional_chat_templates/chat.jinja", "config.json", "generation_config.json", "lora-merge.json", "model.safetensors", "tokenizer.json"];

    [Fact]
    public async Task Staging_may_end_at_any_file()
    {
        using Workbench bench = BenchWithSubfolder();
        string staged = bench.OutputPath + ".lora-new";

        Directory.CreateDirectory(staged);
        await MergeAndAssertOnlyTheModel(bench);
        Write(Path.Combine(staged, ".DS_Store"));
        await MergeAndAssertOnlyTheModel(bench);
        foreach (string torn in (string[])["", "{\"files\":{\"model.safe"])
        {
            Directory.CreateDirectory(staged);
            File.WriteAllText(Path.Combine(staged, ".lora-merge.files"), torn);
            await MergeAndAssertOnlyTheModel(bench);
        }
        for (int count = 0; count <= s_model.Length; count++)
        {
            StagedFolder.Begin(staged, s_model);
            foreach (string name in s_model.Take(count))
                Write(Path.Combine(staged, name));
            if (count < s_model.Length)
                Write(Path.Combine(staged, s_model[count] + ".partial"));
            await MergeAndAssertOnlyTheModel(bench);
        }
        bench.Passed();
    }

    [Theory]
    [InlineData(".lora-new")] // where the two were exchanged
    [InlineData(".lora-old")] // where it took two renames
    public async Task Deleting_the_earlier_result_may_end_at_any_file(string suffix)
    {
        using Workbench bench = BenchWithSubfolder();
        await bench.MergeAsync();
        string[] files = [.. s_model.Where(name => name != "lora-merge.json"), "lora-merge.json"];

        for (int count = 0; count <= files.Length; count++)
        {
            Copy(bench.OutputPath, bench.OutputPath + suffix);
            foreach (string name in files.Take(count))
                File.Delete(Path.Combine(bench.OutputPath + suffix, name));
            if (count >= files.Length - 1)
                Directory.Delete(Path.Combine(bench.OutputPath + suffix, "additional_chat_templates"));
            await MergeAndAssertOnlyTheModel(bench);
        }
        bench.Passed();
    }

    [Fact]
    public async Task Deleting_what_was_deleted_in_part_goes_on_where_a_file_could_not_be_deleted()
    {
        await ChildProcess.SkipUnless("This system lets no process mount file systems of its own (unshare -m).", "unshare", "-m", "true");
        using Workbench bench = BenchWithSubfolder();
        await bench.MergeAsync();
        string busy = Path.Combine(bench.OutputPath, "tokenizer.json");

        // Nobody can delete a file on which another one is mounted, but the folder around it can be renamed.
        string mounted = $"mount --bind '{busy}' '{busy}' && exec \"$@\"";
        ChildProcess run = await ChildProcess.Run(["unshare", "-m", "sh", "-c", mounted, "sh", .. ChildProcess.MergeOf(bench)]);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("tokenizer.json", FolderContents.Of(bench.OutputPath + ".lora-new").Keys);
        AssertModel(bench);
        await MergeAndAssertOnlyTheModel(bench);
        bench.Passed();
    }

    [Fact]
    public async Task Between_two_renames_a_merge_that_fails_puts_the_earlier_result_back()
    {
        using Workbench bench = BenchWithSubfolder();
        await bench.MergeAsync();
        SortedDictionary<string, string> earlier = FolderContents.Of(bench.OutputPath);
        KillBetweenTheRenames(bench);
        SpoilAdapter(bench);

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => bench.MergeAsync());

        Assert.Equal(DiagnosticCode.AdapterNotFinite, fault.Code);
        Assert.Equal(earlier, FolderContents.Of(bench.OutputPath));
        AssertOnlyTheModel(bench);
        bench.Passed();
    }

    [Fact]
    public async Task Between_two_renames_the_next_merge_gives_the_new_result()
    {
        using Workbench bench = BenchWithSubfolder();
        await bench.MergeAsync();
        KillBetweenTheRenames(bench);

        await MergeAndAssertOnlyTheModel(bench);
        bench.Passed();
    }

    [Fact]
    public async Task An_earlier_result_that_is_deleted_in_part_is_not_put_back()
    {
        using Workbench bench = BenchWithSubfolder();
        await bench.MergeAsync();
        Directory.Move(bench.OutputPath, bench.OutputPath + ".lora-old");
        File.Delete(Path.Combine(bench.OutputPath + ".lora-old", "model.safetensors"));
        SpoilAdapter(bench);

        await Assert.ThrowsAsync<LoraMergeException>(() => bench.MergeAsync());

        Assert.Equal(["adapter", "base"], EntriesOf(bench));
        bench.Passed();
    }

    [Fact]
    public async Task The_file_of_the_lock_is_no_lock()
    {
        using Workbench bench = BenchWithSubfolder();
        File.WriteAllText(bench.OutputPath + ".lora-lock", "");

        await MergeAndAssertOnlyTheModel(bench);
        bench.Passed();
    }

    [Theory]
    [InlineData(".lora-new")]
    [InlineData(".lora-old")]
    public async Task A_file_of_somebody_else_among_what_is_left_survives_and_is_named(string suffix)
    {
        using Workbench bench = BenchWithSubfolder();
        await bench.MergeAsync();
        string left = bench.OutputPath + suffix;
        Copy(bench.OutputPath, left);
        File.WriteAllText(Path.Combine(left, "additional_chat_templates", "mine.txt"), "mine");

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => bench.MergeAsync());
        SortedDictionary<string, string> survivors = FolderContents.Of(left);
        Directory.Delete(left, recursive: true);

        Assert.Equal(DiagnosticCode.OutputNotOurs, fault.Code);
        Assert.Contains($"'{left}'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'additional_chat_templates/mine.txt'", fault.Message, StringComparison.Ordinal);
        Assert.Equal(["additional_chat_templates", "additional_chat_templates/mine.txt"], survivors.Keys);
        await MergeAndAssertOnlyTheModel(bench);
        bench.Passed();
    }

    private static Workbench BenchWithSubfolder() => new(TinyCheckpoint.Llama().File("additional_chat_templates/chat.jinja", "Hello"), TinyAdapter.ForLlama());

    private static void SpoilAdapter(Workbench bench) =>
        TinyAdapter.ForLlama()
            .With("model.layers.1.mlp.up_proj.lora_A.weight", Safetensors.DType.F32, [2, 4], [.. Enumerable.Repeat(double.NaN, 8)])
            .WriteTo(bench.Adapter);

    private static void KillBetweenTheRenames(Workbench bench)
    {
        Copy(bench.OutputPath, bench.OutputPath + ".lora-new");
        Directory.Move(bench.OutputPath, bench.OutputPath + ".lora-old");
    }

    private static void Copy(string folder, string to)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    private static void Write(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, "half");
    }

    private static async Task MergeAndAssertOnlyTheModel(Workbench bench)
    {
        await bench.MergeAsync();

        AssertOnlyTheModel(bench);
    }

    private static void AssertOnlyTheModel(Workbench bench)
    {
        Assert.Equal(["adapter", "base", "merged"], EntriesOf(bench));
        AssertModel(bench);
    }

    private static void AssertModel(Workbench bench) =>
        Assert.Equal(s_model, FolderContents.Of(bench.OutputPath).Keys.Where(name => name != "additional_chat_templates"));

    private static IEnumerable<string> EntriesOf(Workbench bench) =>
        Directory.EnumerateFileSystemEntries(bench.Folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);
}
