using System.Diagnostics;
using System.Text.Json.Nodes;
using LoraMerge.Hub.Tests.Server;

namespace LoraMerge.Hub.Tests;

/// <summary>The command line against a hub, as processes of their own.</summary>
public sealed class CommandLineTests
{
    private const string Base = "hf://acme/tiny-llama";
    private const string Adapter = "hf://acme/pirate";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fetch_prints_the_folder_and_tells_on_standard_error_what_it_does()
    {
        await using var bench = new HubBench();
        bench.AddModel();

        HubProcess fetch = await HubProcess.Run(bench, "fetch", "hf://acme/tiny");

        Assert.Equal(0, fetch.ExitCode);
        Assert.Equal(bench.Folder().Snapshot(HubBench.Commit) + Environment.NewLine, fetch.Output);
        Assert.Contains("hf://acme/tiny is commit 111111111111: 4 files, 300.0 kB; to be fetched: 4 files, 300.0 kB (", fetch.Error, StringComparison.Ordinal);
        Assert.Contains("  model.safetensors: 300.0 kB\n", fetch.Error.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_says_as_JSON_the_commit_and_the_hash_of_each_file()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();

        HubProcess fetch = await HubProcess.Run(bench, "fetch", "hf://acme/tiny", "--role", "base", "--json");

        JsonNode json = JsonNode.Parse(fetch.Output)!;
        Assert.Equal(("hf://acme/tiny", "base", HubBench.Commit), ((string?)json["address"], (string?)json["role"], (string?)json["commit"]));
        Assert.Equal(repository.Files.Values.Select(file => file.Hash), json["files"]!.AsArray().Select(file => (string)file!["hash"]!));
    }

    [Fact]
    public async Task A_fault_is_one_coded_line_and_exit_code_1_and_wrong_usage_is_2()
    {
        await using var bench = new HubBench();

        HubProcess missing = await HubProcess.Run(bench, "fetch", "hf://acme/nothing");
        HubProcess usage = await HubProcess.Run(bench, "fetch");

        Assert.Equal((1, ""), (missing.ExitCode, missing.Output));
        Assert.StartsWith("lora-merge: error LORA7010: 'hf://acme/nothing' is not there", missing.Error, StringComparison.Ordinal);
        Assert.Single(missing.Error.TrimEnd().ReplaceLineEndings("\n").Split('\n'));
        Assert.Equal(2, usage.ExitCode);
    }

    [Fact]
    public async Task What_is_wrong_with_one_input_hides_nothing_of_the_others()
    {
        await using var bench = new HubBench();

        HubProcess plan = await HubProcess.Run(bench, "plan", "--base", "hf://acme/one", "--adapter", "hf://acme/two");

        Assert.Contains("'hf://acme/one'", plan.Error, StringComparison.Ordinal);
        Assert.Contains("'hf://acme/two'", plan.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bare_name_never_goes_to_the_network()
    {
        await using var bench = new HubBench();
        bench.AddModel();

        HubProcess plan = await HubProcess.Run(bench, "plan", "--base", "acme/tiny", "--adapter", "acme/tiny");

        Assert.Equal(1, plan.ExitCode);
        Assert.Empty(bench.Server.Requests);
    }

    [Fact]
    public async Task A_merge_from_the_hub_gives_what_one_of_folders_gives_named_after_the_repository_and_says_where_it_came_from()
    {
        await using var bench = new HubBench();
        AddMergeable(bench);
        string ofHub = Path.Combine(bench.Home, "of-hub"), ofFolders = Path.Combine(bench.Home, "of-folders");

        HubProcess first = await HubProcess.Run(bench, "merge", "--base", Base, "--adapter", Adapter + "=0.5", "--output", ofHub, "--device", "cpu");
        HubProcess second = await HubProcess.Run(
            bench, "merge", "--base", Fixture("base"), "--adapter", Fixture("adapter") + "=0.5", "--output", ofFolders, "--device", "cpu");

        Assert.Equal((0, 0), (first.ExitCode, second.ExitCode));
        foreach (string file in Directory.EnumerateFiles(ofFolders).Where(file => Path.GetFileName(file) != "lora-merge.json"))
            Assert.Equal(await File.ReadAllBytesAsync(file, Token), await File.ReadAllBytesAsync(Path.Combine(ofHub, Path.GetFileName(file)), Token));
        string text = await File.ReadAllTextAsync(Path.Combine(ofHub, "lora-merge.json"), Token);
        JsonNode manifest = JsonNode.Parse(text)!;
        Assert.Equal(("tiny-llama", "tiny-llama", "pirate"),
            ((string?)manifest["name"], (string?)manifest["base"]!["name"], (string?)manifest["adapters"]![0]!["name"]));
        Assert.Equal((Base, HubBench.Commit), ((string?)manifest["base"]!["origin"]!["address"], (string?)manifest["base"]!["origin"]!["commit"]));
        Assert.Equal((Adapter, HubBench.Commit),
            ((string?)manifest["adapters"]![0]!["origin"]!["address"], (string?)manifest["adapters"]![0]!["origin"]!["commit"]));
        Assert.DoesNotContain(bench.Home, text, StringComparison.Ordinal);

        HubProcess verify = await HubProcess.Run(bench, "verify", ofHub, "--base", Base, "--adapter", Adapter + "=0.5", "--device", "cpu");
        Assert.StartsWith("equal: ", verify.Output, StringComparison.Ordinal);
        Assert.Equal(0, verify.ExitCode);
    }

    [Fact]
    public async Task The_key_does_not_depend_on_who_filled_the_cache()
    {
        await using var bench = new HubBench();
        AddMergeable(bench);
        string key = await KeyOf(bench);
        string snapshot = bench.Folder("acme/tiny-llama").Snapshot(HubBench.Commit);

        // Python fetches more than a merge needs.
        await File.WriteAllTextAsync(Path.Combine(snapshot, "tokenizer.model"), "of a variant", Token);
        await File.WriteAllTextAsync(Path.Combine(snapshot, "chat_template.jinja"), "x", Token);
        Directory.CreateDirectory(Path.Combine(snapshot, "original"));
        await File.WriteAllTextAsync(Path.Combine(snapshot, "original", "tokenizer.model"), "x", Token);

        Assert.Equal(key, await KeyOf(bench));
    }

    [Fact]
    public async Task Inspect_and_diff_take_addresses_too()
    {
        await using var bench = new HubBench();
        AddMergeable(bench);

        HubProcess ofBase = await HubProcess.Run(bench, "inspect", Base, "--json");
        HubProcess ofAdapter = await HubProcess.Run(bench, "inspect", Adapter, "--json");
        HubProcess diff = await HubProcess.Run(bench, "diff", Base, Fixture("base"));

        Assert.Equal("tiny-llama", (string?)JsonNode.Parse(ofBase.Output)!["name"]);
        Assert.Equal("pirate", (string?)JsonNode.Parse(ofAdapter.Output)!["name"]);
        Assert.Equal((0, ""), (diff.ExitCode, diff.Error[..diff.Error.IndexOf("hf://", StringComparison.Ordinal)]));
    }

    [Fact]
    public async Task After_a_kill_at_half_only_the_rest_is_asked_for()
    {
        const int Length = 8_000_000;
        await using var bench = new HubBench();
        bench.AddModel(weights: Length);
        bench.Server.Alter = (request, reply) => request.IsContent && request.Range is null ? reply with { SilentAfter = Length / 2 } : reply;
        using Process killed = HubProcess.Start(bench, "fetch", "hf://acme/tiny");
        string partial = bench.Folder().Blob(bench.Server.Repositories["acme/tiny"].Files["model.safetensors"].Hash) + ".lora-merge.partial";
        while (!File.Exists(partial) || new FileInfo(partial).Length < Length / 2)
            await Task.Delay(10, Token);

        killed.Kill();
        await killed.WaitForExitAsync(Token);
        bench.Server.Forget();
        HubProcess again = await HubProcess.Run(bench, "fetch", "hf://acme/tiny");

        Assert.Equal(0, again.ExitCode);
        HubRequest rest = Assert.Single(bench.Server.Requests, request => request.IsContent);
        Assert.Equal($"bytes={Length / 2}-", rest.Range);
        Assert.Equal(Length / 2, rest.BytesSent);
    }

    [Fact]
    public async Task Ctrl_C_keeps_what_has_come_and_says_so()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A process there cannot send it to one other.");
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => request.IsContent ? reply with { SilentAfter = 100_000 } : reply;
        using Process process = HubProcess.Start(bench, "fetch", "hf://acme/tiny");
        string partial = bench.Folder().Blob(bench.Server.Repositories["acme/tiny"].Files["model.safetensors"].Hash) + ".lora-merge.partial";
        while (!File.Exists(partial) || new FileInfo(partial).Length < 100_000)
            await Task.Delay(10, Token);

        using (Process kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync(Token);
        HubProcess ended = await HubProcess.WaitFor(process);

        Assert.Equal(1, ended.ExitCode);
        Assert.EndsWith("Cancelled; what has come is kept.", ended.Error.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(100_000, new FileInfo(partial).Length);
    }

    [Fact]
    public async Task Two_processes_at_once_download_once()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => request.IsContent ? reply with { Trickle = 10_000 } : reply;
        using Process one = HubProcess.Start(bench, "fetch", "hf://acme/tiny"), other = HubProcess.Start(bench, "fetch", "hf://acme/tiny");

        HubProcess[] ended = await Task.WhenAll(HubProcess.WaitFor(one), HubProcess.WaitFor(other));

        Assert.All(ended, process => Assert.Equal(0, process.ExitCode));
        Assert.Equal(4, bench.Server.FileRequests);
    }

    [Theory]
    [InlineData("user:p%40ss@", 0)]
    [InlineData("", 1)]
    public async Task A_proxy_gets_its_password_and_one_that_lacks_it_is_named(string user, int exitCode)
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) =>
            request.Headers.GetValueOrDefault("proxy-authorization") == "Basic " + Convert.ToBase64String("user:p@ss"u8) ? reply
                : new HubReply(407).With("Proxy-Authenticate", "Basic realm=\"x\"");
        bench.Set("HF_ENDPOINT", "http://hub.invalid").Set("HTTP_PROXY", bench.Server.Address.Replace("//", "//" + user, StringComparison.Ordinal));

        HubProcess fetch = await HubProcess.Run(bench, "fetch", "hf://acme/tiny");

        Assert.Equal(exitCode, fetch.ExitCode);
        Assert.Equal(exitCode == 1, fetch.Error.Contains("error LORA7025", StringComparison.Ordinal));
        Assert.DoesNotContain("p@ss", fetch.Error, StringComparison.Ordinal);
        Assert.NotEmpty(bench.Server.Requests);
    }

    [Fact]
    public async Task A_proxy_that_refuses_a_tunnel_is_named_without_its_password()
    {
        await using var bench = new HubBench();
        bench.Server.Alter = (_, _) => new HubReply(407).With("Proxy-Authenticate", "Basic realm=\"x\"");
        bench.Set("HF_ENDPOINT", "https://hub.invalid").Set("HTTPS_PROXY", bench.Server.Address.Replace("//", "//user:p%40ss@", StringComparison.Ordinal));

        HubProcess fetch = await HubProcess.Run(bench, "fetch", "hf://acme/tiny");

        Assert.Contains("error LORA7025", fetch.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("p@ss", fetch.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("p%40ss", fetch.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP_PROXY", "socks5h://user:p%40ss@127.0.0.1:1080")]
    [InlineData("HTTP_PROXY", "socks5h://user:p%40ss/word@127.0.0.1:1080")]
    [InlineData("HTTP_PROXY", "user:p%40ss//word@127.0.0.1:808000")]
    [InlineData("http_proxy", "\"http://127.0.0.1:8080\"")]
    [InlineData("ALL_PROXY", "http://127.0.0.1:808000")]
    public async Task A_proxy_that_cannot_be_read_is_said_and_nothing_goes_past_it(string variable, string value)
    {
        await using var bench = new HubBench();
        bench.AddModel();

        HubProcess run = await HubProcess.Run(bench.Set(variable, value), "fetch", "hf://acme/tiny");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"error LORA7002: The environment variable {variable} is", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("p%40ss", run.Error, StringComparison.Ordinal);
        Assert.Empty(bench.Server.Requests);
        Assert.Equal(0, (await HubProcess.Run(bench.Set("NO_PROXY", "127.0.0.1"), "fetch", "hf://acme/tiny")).ExitCode);
    }

    [Fact]
    public async Task NO_PROXY_spares_the_hub()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Set("HTTP_PROXY", "http://127.0.0.1:1").Set("NO_PROXY", "127.0.0.1");

        Assert.Equal(0, (await HubProcess.Run(bench, "fetch", "hf://acme/tiny")).ExitCode);
    }

    [Fact]
    public async Task A_complete_cache_works_from_a_read_only_medium()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Mounts of one's own are made by 'unshare'.");
        await using var bench = new HubBench();
        bench.AddModel();
        await bench.Fetch();
        bench.Server.Repositories["acme/tiny"].Revisions["other"] = HubBench.Commit; // a reference that would be written
        string[] mounted = ["unshare", "--mount", "sh", "-c", "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\" && exec \"$@\"", bench.Cache];
        using (Process probe = HubProcess.Start(bench, [.. mounted, "true"], []))
            Assert.SkipWhen((await HubProcess.WaitFor(probe)).ExitCode != 0, "This system does not allow mounts of one's own.");
        bench.Server.Forget();

        using Process process = HubProcess.Start(bench, mounted, "fetch", "hf://acme/tiny@other");
        HubProcess fetch = await HubProcess.WaitFor(process);

        Assert.Equal((0, ""), (fetch.ExitCode, fetch.ExitCode == 0 ? "" : fetch.Error));
        Assert.Equal(0, bench.Server.FileRequests);
        Assert.False(File.Exists(bench.Folder().Ref("other")));
    }

    [Fact]
    public async Task A_cache_that_may_not_be_written_is_said()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Another user is needed.");
        await using var bench = new HubBench();
        bench.AddModel();
        string[] asAnother = ["setpriv", "--reuid", "65534", "--clear-groups"];
        bench.Set("HF_HUB_CACHE", "/lora-merge-test/hub").Set("HOME", "/tmp").Set("DOTNET_CLI_HOME", "/tmp");
        using (Process probe = HubProcess.Start(bench, asAnother, "inspect", "/"))
            Assert.SkipUnless(
                (await HubProcess.WaitFor(probe)).Error.Contains("LORA", StringComparison.Ordinal), "No other user can run the command line here.");

        using Process process = HubProcess.Start(bench, asAnother, "fetch", "hf://acme/tiny");
        HubProcess fetch = await HubProcess.WaitFor(process);

        Assert.Equal(1, fetch.ExitCode);
        Assert.Contains("error LORA7041: The cache cannot be written at '/lora-merge-test/hub", fetch.Error, StringComparison.Ordinal);
    }

    private static async Task<string> KeyOf(HubBench bench)
    {
        HubProcess plan = await HubProcess.Run(bench, "plan", "--base", Base, "--adapter", Adapter, "--json");
        return (string)JsonNode.Parse(plan.Output)!["key"]!;
    }

    private static void AddMergeable(HubBench bench)
    {
        foreach ((string id, string fixture) in ((string, string)[])[("acme/tiny-llama", "base"), ("acme/pirate", "adapter")])
        {
            HubRepository repository = bench.Server.Add(id).Small("model.gguf", "never");
            foreach (string file in Directory.EnumerateFiles(Fixture(fixture)))
                repository.Add(Path.GetFileName(file), File.ReadAllBytes(file), isLarge: file.EndsWith(".safetensors", StringComparison.Ordinal));
        }
    }

    private static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "fixtures", name);
}
