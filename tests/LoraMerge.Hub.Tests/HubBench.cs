using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Places;
using LoraMerge.Hub.Protocol;
using LoraMerge.Hub.Tests.Server;

namespace LoraMerge.Hub.Tests;

/// <summary>A hub, a user's cache in a folder of its own, and a fetcher between them that waits for nothing.</summary>
internal sealed class HubBench : IAsyncDisposable
{
    public const string Commit = HubRepository.FirstCommit;

    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    public HubBench()
    {
        Home = Directory.CreateTempSubdirectory("lora hub ü ").FullName;
        Set("HOME", Home).Set("USERPROFILE", Home).Set("HF_ENDPOINT", Server.Address).Set("HF_HUB_ETAG_TIMEOUT", "5").Set("HF_HUB_DOWNLOAD_TIMEOUT", "5");
    }

    public string Home { get; }

    public HubServer Server { get; } = new();

    public string Cache => Environment.CacheFolder;

    public HubEnvironment Environment => HubEnvironment.Read(_variables.GetValueOrDefault);

    /// <summary>What was said.</summary>
    public List<HubEvent> Events { get; } = [];

    public string Lines => string.Join('\n', Events.Select(happened => happened is HubEvent.Information line ? line.Text : ((HubEvent.Warning)happened).Text));

    public IEnumerable<HubCode> Warnings => Events.OfType<HubEvent.Warning>().Select(warning => warning.Code);

    /// <summary>How long it would have waited.</summary>
    public List<double> Waits { get; } = [];

    /// <summary>What happens in place of a wait.</summary>
    public Action OnWait { get; set; } = () => { };

    public HubBench Set(string name, string? value)
    {
        if (value is null)
            _variables.Remove(name);
        else
            _variables[name] = value;
        return this;
    }

    /// <summary>The variables that a process gets.</summary>
    public IReadOnlyDictionary<string, string> Variables => _variables;

    /// <summary>A model with small files and one large.</summary>
    public HubRepository AddModel(string id = "acme/tiny", int weights = 300_000) =>
        Server.Add(id).Small("config.json", "{}").Small("README.md", "# tiny").Small("tokenizer.json", "{ }").Large("model.safetensors", weights);

    public async Task<FetchedRepository> Fetch(string address = "hf://acme/tiny", HubRole role = HubRole.Auto, HubPins? pins = null)
    {
        var timing = new HubTiming
        {
            Wait = (wait, _) =>
            {
                Waits.Add(wait.TotalSeconds);
                OnWait();
                return Task.CompletedTask;
            },
            LockInterval = TimeSpan.FromMilliseconds(5),
        };
        using var fetcher = new HubFetcher(Environment, "1.2.3", Events.Add, timing);
        return await fetcher.FetchAsync(HubAddress.Parse(address), role, pins, TestContext.Current.CancellationToken);
    }

    public async Task<HubException> Fault(string address = "hf://acme/tiny", HubRole role = HubRole.Auto, HubPins? pins = null) =>
        await Assert.ThrowsAsync<HubException>(() => Fetch(address, role, pins));

    /// <summary>All that the cache has of a repository, by its path.</summary>
    public string[] Entries(string id = "acme/tiny")
    {
        string folder = new HubFolder(Cache, id).Path;
        return !Directory.Exists(folder) ? []
            : [.. Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
                .Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/')).Order(StringComparer.Ordinal)];
    }

    public HubFolder Folder(string id = "acme/tiny") => new(Cache, id);

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(Home, recursive: true);
    }
}
