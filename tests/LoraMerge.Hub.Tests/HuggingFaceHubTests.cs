using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Tests.Server;

namespace LoraMerge.Hub.Tests;

/// <summary>The cache as Python's own huggingface_hub reads and fills it. interop/run.sh names a Python that has it; without, these are skipped.</summary>
public sealed class HuggingFaceHubTests(ITestOutputHelper said)
{
    private static readonly string[] s_needed = ["README.md", "config.json", "model.safetensors", "tokenizer.json"];

    private static readonly string? s_python = Environment.GetEnvironmentVariable("LORAMERGE_TEST_PYTHON");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("HF_HUB_DISABLE_SYMLINKS")]
    public async Task What_we_fetched_Python_reads_offline_and_counts_as_its_own(string withoutLinks)
    {
        await using HubBench bench = Bench();
        HubRepository repository = bench.AddModel();
        if (withoutLinks.Length > 0)
            bench.Set(withoutLinks, "1");
        FetchedRepository fetched = await bench.Fetch();
        bench.Server.Forget();

        JsonNode local = await Ask(bench.Set("HF_HUB_OFFLINE", "1"), "local", s_needed);
        JsonNode scan = await Ask(bench, "scan");

        Assert.Equal(fetched.Folder, (string?)local["folder"]);
        Assert.All(s_needed, name => Assert.Equal(Convert.ToHexStringLower(repository.Files[name].Bytes), (string?)local["files"]![name]));
        Assert.Empty(scan["warnings"]!.AsArray());
        Assert.Equal(s_needed, scan["revisions"]![HubBench.Commit]!["files"]!.AsArray().Select(name => (string)name!));
        Assert.Equal("main", (string?)scan["revisions"]![HubBench.Commit]!["refs"]![0]);
        Assert.Empty(bench.Server.Requests);
        said.WriteLine($"ours, read by huggingface_hub {await Ask(bench, "version")}{(withoutLinks.Length > 0 ? ", without links" : "")}: "
            + $"{s_needed.Length} files, equal bytes, no warning of scan_cache_dir, no request");
    }

    [Fact]
    public async Task What_we_fetched_Python_does_not_fetch_again()
    {
        await using HubBench bench = Bench();
        bench.AddModel();
        await bench.Fetch();
        bench.Server.Forget();

        await Ask(bench, "download-patterns", s_needed);

        Assert.DoesNotContain(bench.Server.Requests, request => HubServer.IsFile(request) && request.Method == "GET");
        said.WriteLine($"ours, asked for online by Python: {bench.Server.Requests.Count} requests, none of them for contents");
    }

    [Fact]
    public async Task What_Python_fetched_we_do_not_fetch_again_and_read_offline()
    {
        await using HubBench bench = Bench();
        HubRepository repository = bench.AddModel();
        repository.Small("model.gguf", "more than is needed");
        string folder = (string)(await Ask(bench, "download"))!;
        bench.Server.Forget();

        FetchedRepository online = await bench.Fetch();
        FetchedRepository offline = await bench.Set("HF_HUB_OFFLINE", "1").Fetch();

        Assert.Equal((folder, folder), (online.Folder, offline.Folder));
        Assert.Equal(s_needed, online.Names);
        Assert.Equal(0, bench.Server.FileRequests);
        said.WriteLine($"Python's, asked for by us: {bench.Server.Requests.Count} requests (commit, list), 0 bytes of files; offline 0 requests");
    }

    [Fact]
    public async Task What_Python_fetched_serves_us_offline_at_once_with_a_warning()
    {
        await using HubBench bench = Bench();
        bench.AddModel();
        await Ask(bench, "download");

        FetchedRepository offline = await bench.Set("HF_HUB_OFFLINE", "1").Fetch();

        Assert.Equal(s_needed, offline.Names);
        Assert.All(bench.Warnings, code => Assert.Equal(HubCode.ListUnknown, code));
    }

    [Fact]
    public async Task Locks_exclude_each_other_both_ways()
    {
        await using HubBench bench = Bench();
        HubContents weights = bench.AddModel().Files["model.safetensors"];
        string path = bench.Folder().Lock(weights.Hash);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);

        using Process holder = Start(bench, "hold", path);
        Assert.Equal("\"held\"", await holder.StandardOutput.ReadLineAsync(Token));
        Task<FetchedRepository> waiting = bench.Fetch();
        while (!bench.Lines.Contains("waiting for another process", StringComparison.Ordinal))
            await Task.Delay(10, Token);
        Assert.DoesNotContain(bench.Server.Requests, request => request.IsContent);
        holder.StandardInput.Close();
        await waiting;

        using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            Assert.Equal("busy", (string?)await Ask(bench, "try", path));
        Assert.Equal("taken", (string?)await Ask(bench, "try", path));
        said.WriteLine("locks: we waited for Python's, Python for ours");
    }

    [Fact]
    public async Task Partial_files_of_the_other_are_left_alone()
    {
        await using HubBench bench = Bench();
        HubContents weights = bench.AddModel().Files["model.safetensors"];
        Directory.CreateDirectory(bench.Folder().Blobs);
        string theirs = bench.Folder().Blob(weights.Hash) + ".incomplete", ours = bench.Folder().Blob(weights.Hash) + ".lora-merge.partial";
        await File.WriteAllBytesAsync(theirs, new byte[10], Token);
        await bench.Fetch();
        Assert.Equal(10, new FileInfo(theirs).Length);
        await File.WriteAllBytesAsync(ours, new byte[10], Token);

        JsonNode scan = await Ask(bench, "scan");
        await Ask(bench, "download");

        Assert.Empty(scan["warnings"]!.AsArray());
        Assert.Equal(10, new FileInfo(ours).Length);
    }

    private static HubBench Bench()
    {
        Assert.SkipWhen(string.IsNullOrEmpty(s_python), "interop/run.sh names a Python that has huggingface_hub.");
        return new HubBench();
    }

    private static async Task<JsonNode> Ask(HubBench bench, string question, params string[] rest)
    {
        using Process process = Start(bench, question, rest);
        process.StandardInput.Close();
        HubProcess ended = await HubProcess.WaitFor(process);
        Assert.True(ended.ExitCode == 0, ended.Error);
        return JsonNode.Parse(ended.Output, documentOptions: new JsonDocumentOptions { AllowTrailingCommas = true })!;
    }

    private static Process Start(HubBench bench, string question, params string[] rest)
    {
        string script = Path.Combine(LoraMerge.Tests.Repository.Root, "tests", "LoraMerge.Hub.Tests", "interop", "cache.py");
        var start = new ProcessStartInfo(s_python!, [script, question, "acme/tiny", .. rest])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach ((string name, string value) in bench.Variables)
            start.Environment[name] = value;
        start.Environment["HF_HUB_DISABLE_PROGRESS_BARS"] = "1";
        return Process.Start(start)!;
    }
}
