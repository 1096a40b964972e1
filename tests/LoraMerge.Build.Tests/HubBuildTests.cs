using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using LoraMerge.Hub.Tests.Server;
using Microsoft.Build.Logging.StructuredLogger;
using Task = System.Threading.Tasks.Task;

namespace LoraMerge.Build.Tests;

/// <summary>Builds of projects whose inputs lie at a hub.</summary>
public sealed class HubBuildTests
{
    private const int Interrupt = 2;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_build_fetches_and_locks_and_the_second_asks_nobody_and_starts_nothing()
    {
        await using HubProject hub = HubProject.Create();

        BuildResult first = (await hub.BuildAsync()).ThrowIfFailed();

        Assert.Equal((1, 1), (first.Fetches, first.Workers));
        Assert.True(File.Exists(hub.ModelPath()));
        Assert.Contains(first.Lines, line => line.StartsWith("App: hf://acme/tiny-llama is commit 111111111111: ", StringComparison.Ordinal));
        Assert.Contains(first.Lines, line => line.StartsWith("App: Locked ", StringComparison.Ordinal)
            && line.EndsWith("lora.lock.json: commit that file with the project", StringComparison.Ordinal));
        JsonNode manifest = JsonNode.Parse(await File.ReadAllTextAsync(hub.ModelPath("lora-merge.json"), Cancellation))!;
        JsonNode origin = manifest["base"]!["origin"]!;
        Assert.Equal((HubProject.Base, HubRepository.FirstCommit), ((string)origin["address"]!, (string)origin["commit"]!));
        Assert.Equal(HubRepository.FirstCommit, hub.LockedCommit(HubProject.Base));
        HubContents weights = hub.Server.Repositories["acme/tiny-llama"].Files["model.safetensors"];
        JsonNode file = hub.Locked(HubProject.Base)["files"]!["model.safetensors"]!;
        Assert.Equal((weights.Bytes.Length, weights.Sha256), ((int)file["size"]!, (string)file["sha256"]!));

        BuildResult second = (await hub.BuildAsync("--no-restore")).ThrowIfFailed();
        BuildResult published = (await hub.DotnetAsync(["publish", "--no-build", "-c", "Debug", "-o", "p"])).ThrowIfFailed();

        Assert.All((BuildResult[])[second, published], result => Assert.Equal((0, 0, 0), (result.Fetches, result.Workers, result.Merges)));
        Assert.Empty(hub.Server.Requests);
        Assert.True(File.Exists(hub.Project.PathOf("p/models/tiny-llama/model.safetensors")));
    }

    [Fact]
    public async Task A_branch_that_moved_changes_nothing_until_the_lock_file_is_moved_on()
    {
        await using HubProject hub = HubProject.Create();
        (await hub.BuildAsync()).ThrowIfFailed();
        string before = hub.Project.HashOf(hub.ModelPath());
        hub.MoveBranch();

        BuildResult moved = (await hub.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal((0, 0), (moved.Fetches, moved.Workers));
        Assert.Empty(hub.Server.Requests);

        File.Delete(hub.LockPath);
        BuildResult anew = (await hub.BuildAsync("--no-restore", "-v:detailed")).ThrowIfFailed();

        Assert.Equal((HubRepository.FirstCommit, HubProject.NextCommit), (hub.LockedCommit(HubProject.Base), hub.LockedCommit(HubProject.Adapter)));
        Assert.Equal((1, 1), (anew.Fetches, anew.Merges));
        Assert.NotEqual(before, hub.Project.HashOf(hub.ModelPath()));

        // Another revision is another address: it is added, and the others stay.
        hub.Project.WriteProject(
            $"""<LoraBaseModel Include="{HubProject.Base}" /><LoraAdapter Include="{HubProject.Adapter}@{HubRepository.FirstCommit}" />""");
        (await hub.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal(HubProject.NextCommit, hub.LockedCommit(HubProject.Adapter));
        Assert.Equal(HubRepository.FirstCommit, hub.LockedCommit($"{HubProject.Adapter}@{HubRepository.FirstCommit}"));
    }

    [Fact]
    public async Task In_locked_mode_each_disagreement_stands_at_its_item_and_nothing_is_downloaded()
    {
        await using HubProject hub = HubProject.Create();

        BuildResult without = await hub.BuildAsync("-p:LoraMergeLockedMode=true");

        AssertAtItems(without, "LORA7052", "LORA7052");
        Assert.Empty(hub.Server.Requests);
        Assert.False(File.Exists(hub.LockPath));

        (await hub.BuildAsync("--no-restore", "-t:RestoreLoraModels")).ThrowIfFailed();
        string text = await File.ReadAllTextAsync(hub.LockPath, Cancellation);
        await hub.ChangeLockedHashAsync("acme/pirate", "adapter_model.safetensors");
        Directory.Delete(hub.Cache, recursive: true);
        BuildResult other = await hub.BuildAsync("--no-restore", "-p:LoraMergeLockedMode=true");

        AssertAtItems(other, "LORA7053");
        Assert.Equal(0, hub.Server.FileRequests);

        await File.WriteAllTextAsync(hub.LockPath, "<<<<<<< HEAD\n" + text, Cancellation);
        BuildResult conflict = await hub.BuildAsync("--no-restore", "-t:RestoreLoraModels");

        Error error = Assert.Single(conflict.Errors);
        Assert.Equal(("LORA7050", hub.LockPath), (error.Code, error.File));
    }

    [Fact]
    public async Task What_was_restored_online_is_merged_offline()
    {
        await using HubProject hub = HubProject.Create();
        BuildResult restored = (await hub.BuildAsync("-t:RestoreLoraModels")).ThrowIfFailed();
        Assert.Equal((1, 0), (restored.Fetches, restored.Workers));

        BuildResult built = (await hub.DotnetAsync(["build", "-tl:off", "--no-restore"], ("HF_ENDPOINT", "http://127.0.0.1:1"))).ThrowIfFailed();

        Assert.Equal((0, 1), (built.Fetches, built.Merges));

        foreach (string folder in (string[])["hf", "obj/lora"])
            Directory.Delete(hub.Project.PathOf(folder), recursive: true);
        BuildResult gone = await hub.DotnetAsync(["build", "-tl:off", "--no-restore"], ("HF_HUB_OFFLINE", "1"));

        AssertAtItems(gone, "LORA7020", "LORA7020");
        Assert.Empty(hub.Server.Requests);
    }

    [Fact]
    public async Task Whatever_is_no_build_makes_no_request()
    {
        await using HubProject hub = HubProject.Create();

        (await hub.DotnetAsync(["restore"])).ThrowIfFailed();
        (await hub.DotnetAsync(["build", "-getItem:LoraBaseModel", "--no-restore"])).ThrowIfFailed();
        (await hub.DotnetAsync(
            ["msbuild", "-t:Compile", "-p:DesignTimeBuild=true", "-p:SkipCompilerExecution=true", "-p:ProvideCommandLineArgs=true"])).ThrowIfFailed();
        (await hub.DotnetAsync(["clean", "-tl:off"])).ThrowIfFailed();
        (await hub.BuildAsync("--no-restore", "-p:LoraMergeEnabled=false")).ThrowIfFailed();
        BuildResult asked = await hub.BuildAsync("--no-restore", "-question", "-t:RestoreLoraModels");

        AssertAtItems(asked, "LORA1072", "LORA1072");
        Assert.Equal(0, hub.TotalRequests);
        Assert.False(File.Exists(hub.LockPath));
    }

    [Fact]
    public async Task A_token_opens_what_is_private_and_stands_nowhere()
    {
        await using HubProject hub = HubProject.Create();
        hub.Server.Repositories["acme/tiny-llama"].IsPrivate = true;
        hub.Server.Repositories["acme/pirate"].IsGated = true;

        BuildResult refused = await hub.BuildAsync();

        AssertAtItems(refused, "LORA7010", "LORA7013");
        Assert.Contains($"{hub.Server.Address}/acme/pirate", refused.Output, StringComparison.Ordinal);

        BuildResult built = (await hub.DotnetAsync(["build", "-tl:off", "--no-restore", "-v:diag"], ("HF_TOKEN", HubServer.Token))).ThrowIfFailed();

        Assert.False(HoldsSecret(built.Output));
        string[] messages = [.. built.Log.FindChildrenRecursive<BaseNode>().Select(node => node.ToString() ?? "")];
        Assert.DoesNotContain(messages, HoldsSecret);
        foreach (string file in Directory.EnumerateFiles(hub.Project.Folder, "*", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith(".binlog", StringComparison.Ordinal)))
            Assert.False(HoldsSecret(Encoding.UTF8.GetString(await File.ReadAllBytesAsync(file, Cancellation))), file);
    }

    [Fact]
    public async Task Two_projects_and_two_frameworks_at_once_download_once_and_write_one_lock_file()
    {
        await using HubProject hub = HubProject.Create();
        const string properties = "<TargetFrameworks>net10.0;netstandard2.0</TargetFrameworks><LoraMergeLockFile>../lora.lock.json</LoraMergeLockFile>";
        foreach (string name in (string[])["a", "b"])
        {
            hub.Project.Write($"{name}/Program.cs", "System.Console.WriteLine();");
            hub.Project.WriteProject(HubProject.Items, properties, file: $"{name}/App.csproj");
        }

        BuildResult[] results = await Task.WhenAll(((string[])["a", "b"]).Select(
            name => hub.Project.DotnetAsync(["build", "-tl:off", "-t:Restore;RestoreLoraModels"], hub.Environment, folder: name)));

        Assert.All(results, result => Assert.Equal(2, result.ThrowIfFailed().Fetches));
        Assert.Equal(hub.Server.Repositories.Values.Sum(repository => repository.Files.Count), hub.Server.FileRequests);
        Assert.Equal(HubRepository.FirstCommit, hub.LockedCommit(HubProject.Adapter));
        Assert.Empty(Directory.GetFiles(hub.Project.Folder, "*.lora-lock"));
    }

    [Fact]
    public async Task After_Ctrl_C_in_a_download_the_next_build_asks_for_the_rest()
    {
        await using HubProject hub = HubProject.Create();
        HubContents weights = hub.Server.Repositories["acme/tiny-llama"].Files["model.safetensors"];
        int half = weights.Bytes.Length / 2;
        hub.Server.Alter = (request, reply) => request.Path.EndsWith(weights.Sha256, StringComparison.Ordinal) ? reply with { SilentAfter = half } : reply;
        Dictionary<string, string> environment = hub.Environment;
        environment["HF_HUB_DOWNLOAD_TIMEOUT"] = "60";
        int build = 0;
        Task<BuildResult> building = hub.Project.DotnetAsync(["build", "-tl:off"], environment, (process, _) => build = process.Id);
        while (hub.PartialBytes(weights.Sha256) < half)
            await Task.Delay(50, Cancellation);
        Assert.Equal(0, Signal(build, Interrupt));
        Assert.NotEqual(0, (await building).ExitCode);
        hub.Server.Alter = (_, reply) => reply;

        BuildResult next = (await hub.BuildAsync("--no-restore")).ThrowIfFailed();

        HubRequest rest = Assert.Single(hub.Server.Requests, request => request.Path.EndsWith(weights.Sha256, StringComparison.Ordinal));
        Assert.Equal(($"bytes={half}-", weights.Bytes.Length - half), (rest.Range, rest.BytesSent));
        Assert.Equal(1, next.Merges);
    }

    [Fact]
    public async Task Addresses_with_a_folder_or_a_revision_with_a_slash_stand_beside_local_inputs()
    {
        await using HubProject hub = HubProject.Create();
        hub.AddFixture("acme/tales", "adapter", "final/pirate/");
        HubRepository repository = hub.Server.Repositories["acme/tales"];
        repository.Revisions["feature/x"] = HubRepository.FirstCommit;
        hub.Project.WriteProject("""
            <LoraBaseModel Include="models/base" />
            <LoraBaseModel Include="hf://acme/tiny-llama" MergedModelName="hub" />
            <LoraAdapter Include="hf://acme/tales/final/pirate@feature%2Fx" BaseModel="models/base" />
            <LoraAdapter Include="adapters/pirate" BaseModel="tiny-llama" />
            """);

        BuildResult built = (await hub.BuildAsync()).ThrowIfFailed();

        Assert.Equal((1, 2), (built.Fetches, built.Merges));
        Assert.Contains(built.Lines, line => line == "App: Merging pirate into base");
        Assert.Contains(built.Lines, line => line == "App: Merging pirate into tiny-llama as hub");
        Assert.Equal(
            hub.Project.HashOf("bin/Debug/net10.0/models/base/model.safetensors"), hub.Project.HashOf("bin/Debug/net10.0/models/hub/model.safetensors"));
        Assert.Equal("final/pirate", (string)hub.Locked("hf://acme/tales/final/pirate@feature/x")["subfolder"]!);

        (await hub.BuildAsync("--no-restore")).ThrowIfFailed();
        Assert.Empty(hub.Server.Requests);

        // An address that nobody names any more stays locked.
        hub.Project.WriteProject(TestProject.ReadmeItems);
        BuildResult local = (await hub.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Empty(local.Tasks("RestoreLoraModels"));
        Assert.Equal(HubRepository.FirstCommit, hub.LockedCommit(HubProject.Base));
    }

    [Fact]
    public async Task With_a_lock_file_and_a_restored_store_neither_base_nor_adapter_is_needed()
    {
        await using HubProject hub = HubProject.Create();
        (await hub.BuildAsync("-p:LoraMergeCacheFolder=store")).ThrowIfFailed();
        string before = hub.Project.HashOf(hub.ModelPath());
        foreach (string folder in (string[])["obj", "bin", "hf"])
            Directory.Delete(hub.Project.PathOf(folder), recursive: true);

        BuildResult restored = (await hub.BuildAsync("-p:LoraMergeCacheFolder=store")).ThrowIfFailed();
        BuildResult idle = (await hub.BuildAsync("-p:LoraMergeCacheFolder=store", "--no-restore")).ThrowIfFailed();

        Assert.Equal((1, 0, 0, 0), (restored.Fetches, restored.Merges, idle.Fetches, idle.Workers));
        Assert.Equal(0, hub.TotalRequests - hub.FirstRequests);
        Assert.Equal(before, hub.Project.HashOf(hub.ModelPath()));
        Assert.False(Directory.Exists(hub.Cache));

        // What was locked otherwise was not merged.
        string text = await File.ReadAllTextAsync(hub.LockPath, Cancellation);
        await hub.ChangeLockedHashAsync("acme/pirate", "adapter_model.safetensors");
        AssertAtItems(await hub.BuildAsync("-p:LoraMergeCacheFolder=store", "--no-restore", "-t:MergeLoraAdapters"), "LORA7053");
        await File.WriteAllTextAsync(hub.LockPath, text, Cancellation);

        // Another setting is another model: now they are needed.
        hub.Project.WriteProject($"""<LoraBaseModel Include="{HubProject.Base}" /><LoraAdapter Include="{HubProject.Adapter}" Weight="0.5" />""");
        BuildResult other = (await hub.BuildAsync("-p:LoraMergeCacheFolder=store", "--no-restore")).ThrowIfFailed();

        Assert.Equal(1, other.Merges);
        Assert.NotEqual(before, hub.Project.HashOf(hub.ModelPath()));
    }

    /// <summary>Each at an item of the project file, with line and column.</summary>
    private static void AssertAtItems(BuildResult result, params string[] codes)
    {
        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal(codes, result.Errors.Select(error => error.Code));
        Assert.All(result.Errors, error => Assert.EndsWith("App.csproj", error.File, StringComparison.Ordinal));
        Assert.All(result.Errors, error => Assert.True(error.LineNumber > 0 && error.ColumnNumber > 0, error.ToString()));
        Assert.Distinct(result.Errors.Select(error => (error.LineNumber, error.ColumnNumber)));
    }

    private static bool HoldsSecret(string text) =>
        text.Contains(HubServer.Token, StringComparison.Ordinal) || text.Contains("signedForATime", StringComparison.Ordinal);

#pragma warning disable SYSLIB1054, CA5392 // a test of one platform
    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Signal(int process, int signal);
#pragma warning restore SYSLIB1054, CA5392
}
