using System.Text.Json.Nodes;
using LoraMerge.Hub.Tests.Server;

namespace LoraMerge.Build.Tests;

/// <summary>A project whose base and adapter lie at a hub of its own; what it fetches comes into a cache of its own.</summary>
internal sealed class HubProject : IAsyncDisposable
{
    public const string Base = "hf://acme/tiny-llama";
    public const string Adapter = "hf://acme/pirate";
    public const string Items = $"""<LoraBaseModel Include="{Base}" /><LoraAdapter Include="{Adapter}" />""";
    public const string NextCommit = "2222222222222222222222222222222222222222";

    private HubProject()
    {
        AddFixture("acme/tiny-llama", "base");
        AddFixture("acme/pirate", "adapter");
    }

    /// <summary>Requests of the first command.</summary>
    public int? FirstRequests { get; private set; }

    public HubServer Server { get; } = new();

    /// <summary>Requests of all commands so far.</summary>
    public int TotalRequests { get; private set; }

    public TestProject Project { get; } = TestProject.WithRealWorker();

    public string LockPath => Project.PathOf("lora.lock.json");

    public string Cache => Project.PathOf("hf/hub");

    /// <summary>What every command of it is started with.</summary>
    public Dictionary<string, string> Environment => new()
    {
        ["HF_ENDPOINT"] = Server.Address,
        ["HF_HOME"] = Project.PathOf("hf"),
        ["HF_HUB_DOWNLOAD_TIMEOUT"] = "5",
        ["HF_HUB_ETAG_TIMEOUT"] = "5",
    };

    public string ModelPath(string file = "model.safetensors") => Project.PathOf($"bin/Debug/net10.0/models/tiny-llama/{file}");

    /// <summary>What the lock file says of an address.</summary>
    public JsonNode Locked(string address) => JsonNode.Parse(File.ReadAllText(LockPath))!["models"]![address]!;

    /// <summary>Puts another hash of a file into the lock file.</summary>
    public async Task ChangeLockedHashAsync(string id, string file)
    {
        string text = await File.ReadAllTextAsync(LockPath);
        string changed = text.Replace(Server.Repositories[id].Files[file].Hash, new string('a', 64), StringComparison.Ordinal);
        Assert.NotEqual(text, changed);
        await File.WriteAllTextAsync(LockPath, changed);
    }

    public string LockedCommit(string address) => (string)Locked(address)["commit"]!;

    /// <summary>How much of a file lies in the cache that is not whole yet.</summary>
    public long PartialBytes(string hash) => Directory.Exists(Cache)
        ? Directory.EnumerateFiles(Cache, hash + "*.partial", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length) : 0;

    public static HubProject Create(string items = Items)
    {
        var project = new HubProject();
        project.Project.WriteProject(items);
        return project;
    }

    /// <summary>Puts a folder of the fixtures into a repository: weights as large files, the others as small ones.</summary>
    public HubRepository AddFixture(string id, string name, string subfolder = "")
    {
        HubRepository repository = Server.Repositories.GetValueOrDefault(id) ?? Server.Add(id);
        foreach (string file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "fixtures", name)))
            repository.Add(subfolder + Path.GetFileName(file), File.ReadAllBytes(file), isLarge: file.EndsWith(".safetensors", StringComparison.Ordinal));
        return repository;
    }

    /// <summary>Moves a branch on to a commit with one other byte in a weight file.</summary>
    public void MoveBranch(string id = "acme/pirate", string file = "adapter_model.safetensors", string revision = "main")
    {
        HubRepository repository = Server.Repositories[id];
        byte[] bytes = [.. repository.Files[file].Bytes];
        bytes[^2] ^= 64;
        repository.Commit(NextCommit, revision, (file, new HubContents(bytes, IsLarge: true)));
    }

    public async Task<BuildResult> BuildAsync(params string[] arguments) => await DotnetAsync(["build", "-tl:off", .. arguments]);

    public async Task<BuildResult> DotnetAsync(string[] arguments, params (string Name, string Value)[] variables)
    {
        Dictionary<string, string> environment = Environment;
        foreach ((string name, string value) in variables)
            environment[name] = value;
        Server.Forget();
        BuildResult result = await Project.DotnetAsync(arguments, environment);
        TotalRequests += Server.Requests.Count;
        FirstRequests ??= TotalRequests;
        return result;
    }

    public async ValueTask DisposeAsync()
    {
        Project.Dispose();
        await Server.DisposeAsync();
    }
}
