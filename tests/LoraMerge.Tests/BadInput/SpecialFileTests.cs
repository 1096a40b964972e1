using System.Net.Sockets;
using GoldenCase = LoraMerge.Gguf.Tests.Golden.GoldenCase;

namespace LoraMerge.Tests.BadInput;

/// <summary>Pipes, devices and sockets where files belong: a merge that opened one would wait for ever.</summary>
public sealed class SpecialFileTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("base/tokenizer.json")]
    [InlineData("base/config.json")]
    [InlineData("base/model.safetensors")]
    [InlineData("adapter/adapter_config.json")]
    [InlineData("adapter/adapter_model.safetensors")]
    [InlineData("adapter/chat_template.jinja")]
    public async Task A_pipe_is_refused(string file)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        await PutPipe(Path.Combine(bench.Folder, file));

        CommandLineRun run = await bench.RunAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);

        AssertRefused(run, file, "a pipe");
        bench.Passed();
    }

    [Fact]
    public async Task A_link_to_a_pipe_is_refused()
    {
        using var bench = new Workbench();
        await PutPipe(bench.InBase("pipe"));
        File.CreateSymbolicLink(bench.InBase("LICENSE"), "pipe");

        CommandLineRun run = await bench.RunAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);

        AssertRefused(run, "LICENSE", "a pipe");
        bench.Passed();
    }

    [Fact]
    public async Task The_same_pipe_in_two_adapters_is_refused()
    {
        using var bench = new Workbench();
        string other = TinyAdapter.ForLlama().WriteTo(Path.Combine(bench.Folder, "other"));
        await PutPipe(bench.InAdapter("tokenizer.json"));
        await PutPipe(Path.Combine(other, "tokenizer.json"));

        CommandLineRun run = await bench.RunAsync("--adapter", other).WaitAsync(Patience, TestContext.Current.CancellationToken);

        AssertRefused(run, "tokenizer.json", "a pipe");
        bench.Passed();
    }

    [Fact]
    public async Task A_pipe_is_not_inspected_either()
    {
        using var bench = new Workbench();
        await PutPipe(bench.InAdapter("adapter_model.safetensors"));

        CommandLineRun run = await CommandLineRun.Of("inspect", bench.Adapter).WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.Contains("LORA1112", run.Output + run.Error, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_pipe_in_the_place_of_a_merged_GGUF_file_is_refused_by_all_that_compare()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string merged = await MergeToGguf(golden);
        string file = Assert.Single(Directory.GetFiles(merged, "*.gguf")), copy = Path.Combine(golden.OutputFolder, "copy.gguf");
        File.Move(file, copy);
        await PutPipe(file);

        foreach (string[] command in (string[][])[
            ["verify", "--base", golden.BaseFolder, "--adapter", golden.AdapterFolder, "--device", "cpu", "--format", "gguf", merged],
            ["diff", copy, merged], ["diff", file, copy], ["inspect", merged]])
        {
            CommandLineRun run = await CommandLineRun.Of(command).WaitAsync(Patience, TestContext.Current.CancellationToken);

            Assert.Equal((1, true), (run.ExitCode, (run.Output + run.Error).Contains("LORA1112", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task A_pipe_in_the_place_of_a_later_part_of_a_GGUF_model_is_refused()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "split");
        string merged = await MergeToGguf(golden, "--max-shard-size", "100KB");
        await PutPipe(Directory.GetFiles(merged, "*.gguf").Order(StringComparer.Ordinal).Last());

        CommandLineRun run = await CommandLineRun.Of("plan", "--base", merged, "--adapter", golden.AdapterFolder)
            .WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.Contains("error LORA2060: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("or it is a pipe", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_is_not_written_over_a_pipe()
    {
        using var bench = new Workbench();
        string page = Path.Combine(bench.Folder, "page.html");
        await PutPipe(page);

        CommandLineRun run = await CommandLineRun.Of("report", "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu", "--output", page)
            .WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.Contains("error LORA1150", run.Error, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_socket_is_refused()
    {
        Assert.SkipUnless(Socket.OSSupportsUnixDomainSockets && !OperatingSystem.IsWindows(), "There are no sockets among files here.");
        using var bench = new Workbench();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(bench.InBase("LICENSE")));

        CommandLineRun run = await bench.RunAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);

        AssertRefused(run, "LICENSE", "a socket");
        bench.Passed();
    }

    [Fact]
    public async Task An_empty_file_is_copied()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().File("__init__.py", ""), TinyAdapter.ForLlama());

        await bench.MergeAsync();

        Assert.Equal(0, new FileInfo(Path.Combine(bench.OutputPath, "__init__.py")).Length);
        bench.Passed();
    }

    [Theory]
    [InlineData("2097152")] // does not fit the first headers of archives; directory services give such numbers
    [InlineData("3000000000")]
    public async Task An_empty_file_of_an_owner_with_a_large_number_is_copied(string owner)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().File("__init__.py", ""), TinyAdapter.ForLlama());
        await ChildProcess.SkipUnless("Only root gives files away.", "chown", $"{owner}:{owner}", bench.InBase("__init__.py"));

        await bench.MergeAsync();

        Assert.True(File.Exists(Path.Combine(bench.OutputPath, "__init__.py")));
        bench.Passed();
    }

    [Fact]
    public async Task An_empty_file_from_before_1970_is_copied()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().File("__init__.py", ""), TinyAdapter.ForLlama());
        File.SetLastWriteTimeUtc(bench.InBase("__init__.py"), new DateTime(1960, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        await bench.MergeAsync();

        Assert.True(File.Exists(Path.Combine(bench.OutputPath, "__init__.py")));
        bench.Passed();
    }

    [Fact]
    public async Task A_pipe_of_an_owner_with_a_large_number_is_refused()
    {
        using var bench = new Workbench();
        await PutPipe(bench.InBase("LICENSE"));
        await ChildProcess.SkipUnless("Only root gives files away.", "chown", "2097152:2097152", bench.InBase("LICENSE"));

        CommandLineRun run = await bench.RunAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);

        AssertRefused(run, "LICENSE", "a pipe");
        bench.Passed();
    }

    private static async Task<string> MergeToGguf(GoldenCase golden, params string[] further)
    {
        string merged = Path.Combine(golden.OutputFolder, "merged");
        CommandLineRun run = await CommandLineRun.Of([
            "merge", "--base", golden.BaseFolder, "--adapter", golden.AdapterFolder, "--output", merged, "--device", "cpu", "--format", "gguf", .. further]);
        Assert.True(run.ExitCode == 0, run.Error);
        return merged;
    }

    private static async Task PutPipe(string path)
    {
        File.Delete(path);
        await ChildProcess.SkipUnless("There is no mkfifo here.", "mkfifo", path);
    }

    private static void AssertRefused(CommandLineRun run, string file, string kind)
    {
        Assert.Equal(1, run.ExitCode);
        string line = Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains($"error LORA1112: '", line, StringComparison.Ordinal);
        Assert.Contains($"{file}' is {kind},", line, StringComparison.Ordinal);
    }
}
