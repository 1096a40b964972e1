using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Locking;
using LoraMerge.Hub.Places;
using LoraMerge.Hub.Protocol;
using LoraMerge.Hub.Tests.Server;

namespace LoraMerge.Hub.Tests;

/// <summary>What a build fetches, by its lock file.</summary>
public sealed class LockedFetchTests : IAsyncDisposable
{
    private const string Address = "hf://acme/tiny";
    private const string Next = "2222222222222222222222222222222222222222";

    private readonly HubBench _bench = new();

    public LockedFetchTests() => _bench.AddModel();

    private string LockPath => Path.Combine(_bench.Home, "project", "lora.lock.json");

    private HubServer Server => _bench.Server;

    [Fact]
    public async Task The_first_fetch_writes_what_came_and_nothing_of_the_machine()
    {
        _bench.Set("HF_TOKEN", HubServer.Token);

        FetchedRepository fetched = await Fetch();

        string text = await File.ReadAllTextAsync(LockPath, TestContext.Current.CancellationToken);
        Assert.All(Server.Repositories["acme/tiny"].Files, file => Assert.Contains(file.Value.Hash, text, StringComparison.Ordinal));
        Assert.Contains(HubBench.Commit, text, StringComparison.Ordinal);
        Assert.All(
            (string[])[HubServer.Token, Server.Address, Server.ContentAddress, _bench.Home, Environment.UserName + "/", "Signature"],
            secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        Assert.True(File.Exists(Path.Combine(fetched.Folder, "model.safetensors")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task With_all_of_it_in_the_cache_nobody_is_asked(bool isLockedMode)
    {
        await Fetch();
        string said = $"Locked 1 address in {LockPath}: commit that file with the project";
        Assert.Contains(said, _bench.Lines, StringComparison.Ordinal);
        Server.Forget();

        await Fetch(isLockedMode: isLockedMode);

        Assert.Empty(Server.Requests);
        Assert.Equal(2, _bench.Lines.Split(said).Length);
    }

    [Fact]
    public async Task The_bytes_are_the_same_on_a_machine_with_another_cache()
    {
        await Fetch();
        byte[] first = await File.ReadAllBytesAsync(LockPath, TestContext.Current.CancellationToken);
        File.Delete(LockPath);
        ForgetCache();
        _bench.Set("HF_HUB_DISABLE_SYMLINKS", "1");

        await Fetch();

        Assert.Equal(first, await File.ReadAllBytesAsync(LockPath, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_branch_that_moved_changes_nothing_until_the_lock_file_is_deleted()
    {
        await Fetch();
        MoveBranch();

        Assert.Equal(HubBench.Commit, (await Fetch()).Commit);
        ForgetCache();
        Assert.Equal(HubBench.Commit, (await Fetch()).Commit);
        File.Delete(LockPath);
        Assert.Equal(Next, (await Fetch()).Commit);
    }

    [Fact]
    public async Task What_is_new_is_added_and_what_is_there_stays()
    {
        await Fetch();
        MoveBranch();
        AddAdapter();

        await Fetch((Address, HubRole.Base), ("hf://acme/pirate", HubRole.Adapter), ("hf://acme/tiny@" + Next, HubRole.Base));

        LockFile file = LockFile.Read(LockPath);
        Assert.Equal(
            [("hf://acme/pirate", HubBench.Commit), (Address, HubBench.Commit), ("hf://acme/tiny@" + Next, Next)],
            file.Models.Select(model => (model.Key, model.Value.Pins.Commit)));
        Assert.Equal(HubRole.Adapter, file.Models["hf://acme/pirate"].Role);
    }

    [Fact]
    public async Task An_address_that_nobody_names_any_more_stays()
    {
        AddAdapter();
        await Fetch((Address, HubRole.Base), ("hf://acme/pirate", HubRole.Adapter));

        await Fetch();

        Assert.Equal(2, LockFile.Read(LockPath).Models.Count);
    }

    [Fact]
    public async Task Locked_mode_without_the_file_or_the_address_downloads_nothing()
    {
        Assert.Equal((HubCode.NotLocked, Address), Of(await Faults(isLockedMode: true)));
        Assert.Empty(Server.Requests);
        Assert.False(File.Exists(LockPath));
        await Fetch();
        ForgetCache();
        AddAdapter();

        FetchFaultsException faults = await Faults(true, (Address, HubRole.Base), ("hf://acme/pirate", HubRole.Adapter));

        Assert.Equal((HubCode.NotLocked, "hf://acme/pirate"), Of(faults));
        Assert.Empty(Server.Requests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_file_and_hub_disagree_nothing_is_downloaded(bool isLockedMode)
    {
        await Fetch();
        HubContents weights = Server.Repositories["acme/tiny"].Files["model.safetensors"];
        ChangeLock(weights.Sha256, new string('a', 64));
        ForgetCache();

        FetchFaultsException faults = await Faults(isLockedMode);

        Assert.Equal((HubCode.LockedOtherwise, Address), Of(faults));
        Assert.Contains(weights.Sha256, faults.Message, StringComparison.Ordinal);
        Assert.Equal(0, Server.FileRequests);
    }

    [Fact]
    public async Task Where_the_cache_has_kept_the_list_a_disagreement_needs_no_request()
    {
        await Fetch();
        ChangeLock(Server.Repositories["acme/tiny"].Files["config.json"].GitHash, new string('a', 40));
        Server.Forget();

        Assert.Equal((HubCode.LockedOtherwise, Address), Of(await Faults(isLockedMode: true)));
        Assert.Empty(Server.Requests);
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    public async Task A_size_that_is_another_or_a_file_that_the_hub_lacks_is_named(string name)
    {
        await Fetch();
        ChangeLock($"\"{name}\": {{ \"size\": ", $"\"{name}\": {{ \"size\": 1");
        Assert.Equal((HubCode.LockedOtherwise, Address), Of(await Faults(isLockedMode: false)));

        File.Delete(LockPath);
        await Fetch();
        ChangeLock("\"tokenizer.json\"", "\"vocab.json\"");
        Assert.Contains("has no file 'vocab.json'", (await Faults(isLockedMode: false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lock_file_without_the_weights_is_incomplete()
    {
        await Fetch();
        string[] lines = await File.ReadAllLinesAsync(LockPath, TestContext.Current.CancellationToken);
        await File.WriteAllLinesAsync(
            LockPath, lines.Where(line => !line.Contains("safetensors", StringComparison.Ordinal)), TestContext.Current.CancellationToken);
        Server.Forget();

        Assert.Equal((HubCode.LockedOtherwise, Address), Of(await Faults(isLockedMode: true)));
        Assert.Empty(Server.Requests);
    }

    [Fact]
    public async Task A_lock_file_without_a_shard_of_the_index_is_incomplete()
    {
        AddSharded();
        await Fetch(("hf://acme/large", HubRole.Base));
        string[] lines = await File.ReadAllLinesAsync(LockPath, TestContext.Current.CancellationToken);
        await File.WriteAllLinesAsync(
            LockPath, lines.Where(line => !line.Contains("00002-of", StringComparison.Ordinal)), TestContext.Current.CancellationToken);

        FetchFaultsException faults = await Faults(true, ("hf://acme/large", HubRole.Base));

        Assert.Contains("model-00002-of-00002.safetensors", faults.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_file_of_the_cache_is_fetched_again()
    {
        FetchedRepository fetched = await Fetch();
        string file = Path.Combine(fetched.Folder, "model.safetensors");
        byte[] bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        bytes[7] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        Server.Forget();

        await Fetch(isLockedMode: true);

        Assert.Equal(1, Server.FileRequests);
        bytes[7] ^= 1;
        Assert.Equal(bytes, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_was_a_base_is_no_adapter()
    {
        await Fetch();

        FetchFaultsException faults = await Faults(false, (Address, HubRole.Adapter));

        Assert.Equal((HubCode.LockedOtherwise, Address), Of(faults));
        Assert.Contains("named as an adapter", faults.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_faults_are_told_each_with_its_address()
    {
        Server.Add("acme/gated").Small("config.json", "{}").Large("model.safetensors", 10).IsGated = true;

        FetchFaultsException faults = await Faults(
            false, ("hf://acme", HubRole.Base), ("hf://acme/gated", HubRole.Base), ("hf://acme/none", HubRole.Adapter), (Address, HubRole.Base));

        Assert.Equal([("hf://acme", HubCode.AddressInvalid)], faults.Faults.Select(fault => (fault.Origin, fault.Fault.Code)));
        faults = await Faults(false, ("hf://acme/gated", HubRole.Base), ("hf://acme/none", HubRole.Adapter), (Address, HubRole.Base));
        Assert.Equal(
            [("hf://acme/gated", HubCode.RepositoryGated), ("hf://acme/none", HubCode.RepositoryNotFound)],
            faults.Faults.Select(fault => (fault.Origin, fault.Fault.Code)));
        Assert.Equal([Address], LockFile.Read(LockPath).Models.Keys);
    }

    [Fact]
    public async Task A_damaged_lock_file_is_told_of_itself_and_nobody_is_asked()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(LockPath)!);
        await File.WriteAllTextAsync(LockPath, "<<<<<<< HEAD\n", TestContext.Current.CancellationToken);

        Assert.Equal((HubCode.LockFileUnsound, LockPath), Of(await Faults(isLockedMode: false)));
        Assert.Empty(Server.Requests);
    }

    [Fact]
    public async Task Two_who_resolve_while_the_branch_moves_take_one_commit()
    {
        // The other one writes what it found just when this one has been told where the branch is.
        Server.Alter = (request, reply) =>
        {
            if (request.Path.Contains("/revision/", StringComparison.Ordinal))
                MoveBranch();
            return reply;
        };
        FetchedRepository[] both = await Task.WhenAll(Fetch(), Fetch());

        Assert.Equal(both[0].Commit, both[1].Commit);
        Assert.Equal(both[0].Commit, LockFile.Read(LockPath).Models[Address].Pins.Commit);
    }

    [Fact]
    public async Task Two_at_once_download_once()
    {
        await Task.WhenAll(Fetch(), Fetch(), Fetch());

        Assert.Equal(Server.Repositories["acme/tiny"].Files.Count, Server.FileRequests);
    }

    [Fact]
    public async Task Offline_with_all_of_it_there_is_well_and_without_it_an_error()
    {
        await Fetch();
        _bench.Set("HF_HUB_OFFLINE", "1");
        Server.Forget();
        await Fetch(isLockedMode: true);
        ForgetCache();

        Assert.Equal((HubCode.Offline, Address), Of(await Faults(isLockedMode: false)));
        Assert.Empty(Server.Requests);
    }

    [Fact]
    public async Task A_dead_hub_is_not_missed_where_all_of_it_is_there()
    {
        await Fetch();
        _bench.Set("HF_ENDPOINT", "http://127.0.0.1:1");

        await Fetch();
    }

    [Fact]
    public async Task What_nobody_can_tell_the_files_of_is_not_locked()
    {
        await Fetch();
        File.Delete(LockPath);
        Directory.Delete(Path.Combine(_bench.Folder().Path, "lora-merge"), recursive: true);
        _bench.Set("HF_HUB_OFFLINE", "1");
        LockedFetch fetch = Create();

        await fetch.FetchAsync([(Address, HubRole.Base)], false, TestContext.Current.CancellationToken);

        Assert.False(fetch.IsAllLocked);
        Assert.False(File.Exists(LockPath));
        Assert.Contains(HubCode.LeftUnlocked, _bench.Warnings);
    }

    [Fact]
    public async Task A_cache_that_Python_filled_serves_offline_and_is_locked_by_the_first_build_online_without_a_byte()
    {
        HubRepository repository = Server.Repositories["acme/tiny"];
        CacheTests.AsPython(_bench, repository, [.. repository.Files.Keys]);
        _bench.Set("HF_HUB_OFFLINE", "1");

        FetchedRepository offline = await Fetch();

        Assert.Equal([HubCode.ListUnknown, HubCode.LeftUnlocked], _bench.Warnings);
        Assert.Contains("The next build that is online locks it", _bench.Lines, StringComparison.Ordinal);
        Assert.False(File.Exists(LockPath));
        Assert.Empty(Server.Requests);

        _bench.Set("HF_HUB_OFFLINE", null);
        _bench.Events.Clear();
        FetchedRepository online = await Fetch();

        Assert.Equal((offline.Commit, offline.Folder), (online.Commit, online.Folder));
        Assert.Equal((0, 0L), (Server.FileRequests, Server.FileBytes));
        Assert.Empty(_bench.Warnings);
        Assert.Equal(offline.Files.Select(file => file.Path), LockFile.Read(LockPath).Models[Address].Pins.Files.Select(file => file.Path));
    }

    [Fact]
    public async Task A_complete_lock_file_in_a_folder_that_cannot_be_written_is_only_read()
    {
        await Fetch();
        string folder = Path.GetDirectoryName(LockPath)!;
        ForgetCache();

        await Fetch();

        Assert.Equal(["lora.lock.json"], Directory.GetFiles(folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task An_update_moves_on_what_is_named_and_nothing_else()
    {
        AddAdapter();
        await Fetch((Address, HubRole.Base), ("hf://acme/pirate", HubRole.Adapter));
        MoveBranch();
        Server.Repositories["acme/pirate"].Commit(Next, "main", ("adapter_config.json", new HubContents("{ }"u8.ToArray(), false)));

        await Create().UpdateAsync([HubAddress.Parse(Address)], TestContext.Current.CancellationToken);

        LockFile file = LockFile.Read(LockPath);
        Assert.Equal((Next, HubBench.Commit), (file.Models[Address].Pins.Commit, file.Models["hf://acme/pirate"].Pins.Commit));
        Assert.Contains($"{Address} is locked at {Next}, before at {HubBench.Commit}", _bench.Lines, StringComparison.Ordinal);

        await Create().UpdateAsync([], TestContext.Current.CancellationToken);

        Assert.All(LockFile.Read(LockPath).Models.Values, model => Assert.Equal(Next, model.Pins.Commit));
        Assert.Equal(HubRole.Adapter, LockFile.Read(LockPath).Models["hf://acme/pirate"].Role);
    }

    [Fact]
    public async Task An_update_of_what_is_not_locked_is_refused()
    {
        FetchFaultsException faults = await Assert.ThrowsAsync<FetchFaultsException>(
            () => Create().UpdateAsync([HubAddress.Parse(Address)], TestContext.Current.CancellationToken));

        Assert.Equal((HubCode.NotLocked, Address), Of(faults));
        Assert.Empty(Server.Requests);
    }

    [Fact]
    public async Task An_update_where_nothing_is_locked_is_refused()
    {
        FetchFaultsException faults = await Assert.ThrowsAsync<FetchFaultsException>(
            () => Create().UpdateAsync([], TestContext.Current.CancellationToken));

        Assert.Equal((HubCode.NotLocked, LockPath), Of(faults));
        Assert.StartsWith($"There is no lock file '{LockPath}'", faults.Faults[0].Fault.Message, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private static (HubCode Code, string Origin) Of(FetchFaultsException faults)
    {
        (string origin, HubException fault) = Assert.Single(faults.Faults);
        return (fault.Code, origin);
    }

    private LockedFetch Create() => new(
        _bench.Environment, "1.2.3", LockPath, (_, happened) => _bench.Events.Add(happened),
        new HubTiming { LockInterval = TimeSpan.FromMilliseconds(5), Delays = [] });

    private async Task<FetchedRepository> Fetch(bool isLockedMode = false) =>
        (await Create().FetchAsync([(Address, HubRole.Base)], isLockedMode, TestContext.Current.CancellationToken))[0];

    private async Task<IReadOnlyList<FetchedRepository>> Fetch(params (string, HubRole)[] wanted) =>
        await Create().FetchAsync(wanted, false, TestContext.Current.CancellationToken);

    private async Task<FetchFaultsException> Faults(bool isLockedMode, params (string, HubRole)[] wanted) => await Assert.ThrowsAsync<FetchFaultsException>(
        () => Create().FetchAsync(wanted.Length > 0 ? wanted : [(Address, HubRole.Base)], isLockedMode, TestContext.Current.CancellationToken));

    private void MoveBranch() => Server.Repositories["acme/tiny"].Commit(Next, "main", ("config.json", new HubContents("{ \"a\": 1 }"u8.ToArray(), false)));

    private void AddAdapter() => Server.Add("acme/pirate").Small("adapter_config.json", "{}").Large("adapter_model.safetensors", 1000, seed: 2);

    private void AddSharded() => Server.Add("acme/large").Small("config.json", "{}")
        .Small("model.safetensors.index.json", """{"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}""")
        .Large("model-00001-of-00002.safetensors", 1000, seed: 3).Large("model-00002-of-00002.safetensors", 1000, seed: 4);

    private void ChangeLock(string from, string to)
    {
        string text = File.ReadAllText(LockPath);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(LockPath, text.Replace(from, to, StringComparison.Ordinal));
    }

    private void ForgetCache()
    {
        Directory.Delete(_bench.Cache, recursive: true);
        Server.Forget();
    }
}
