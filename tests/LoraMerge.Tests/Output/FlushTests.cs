using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Output;

/// <summary>A disk that does not take what was written fails the merge, in the built program: what the system answers there is changed by strace.</summary>
public sealed class FlushTests
{
    [Theory]
    [InlineData("EIO", "merged.lora-new/model.safetensors.partial")]
    [InlineData("EDQUOT", "merged.lora-new/tokenizer.json")]
    [InlineData("ENOSPC", "merged.lora-new/lora-merge.json")]
    [InlineData("EIO", "merged.lora-new/additional_chat_templates")]
    [InlineData("EIO", "merged.lora-new")]
    [InlineData("EIO", "")]
    public async Task A_flush_that_fails_leaves_the_earlier_result(string answer, string place)
    {
        await SkipUnlessTraced();
        using var bench = new Workbench(TinyCheckpoint.Llama().File("additional_chat_templates/chat.jinja", "Hello"), TinyAdapter.ForLlama());
        await bench.MergeAsync();
        SortedDictionary<string, string> before = FolderContents.Of(bench.Folder);
        string path = Path.TrimEndingDirectorySeparator(Path.Combine(bench.Folder, place));

        ChildProcess run = await ChildProcess.Run([.. Answering(answer, path), .. ChildProcess.MergeOf(bench), "--dtype", "float32"]);

        AssertRefused(run, path);
        Assert.Equal(before, FolderContents.Of(bench.Folder));
        bench.Passed();
    }

    [Fact]
    public async Task A_flush_that_fails_leaves_no_entry_in_a_store()
    {
        await SkipUnlessTraced();
        using var bench = new Workbench();
        string store = Path.Combine(bench.Folder, "store");
        Directory.CreateDirectory(store);

        ChildProcess run = await ChildProcess.Run([.. Answering("EIO", store), .. ChildProcess.MergeInto(store, bench)]);

        AssertRefused(run, store);
        Assert.Equal([".lora-merge.lock"], FolderContents.Of(store).Keys);
        bench.Passed();
    }

    private static void AssertRefused(ChildProcess run, string path)
    {
        Assert.Equal(1, run.ExitCode);
        string line = Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains($"error LORA{(int)DiagnosticCode.DiskFlushFailed}: '{path}' was written, but the disk did not take it", line, StringComparison.Ordinal);
    }

    private static string[] Answering(string answer, string path) => [.. Traced, "-e", "trace=fsync", "-P", path, "-e", $"inject=fsync:error={answer}"];

    private static string[] Traced => ["strace", "-f", "-qq", "-o", "/dev/null"];

    private static Task SkipUnlessTraced() =>
        ChildProcess.SkipUnless("This system has no strace, or lets it trace nothing.", [.. Traced, "-e", "inject=fsync:error=EIO", "true"]);
}
