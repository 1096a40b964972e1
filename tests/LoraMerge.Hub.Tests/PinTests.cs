using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Places;
using LoraMerge.Hub.Tests.Server;

namespace LoraMerge.Hub.Tests;

/// <summary>What a lock file names is had as it is named, and without a request where the cache has it.</summary>
public sealed class PinTests
{
    [Fact]
    public async Task What_the_cache_has_is_taken_without_a_request()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        HubPins pins = (await bench.Fetch()).Pins;
        bench.Server.Forget();

        FetchedRepository fetched = await bench.Fetch(pins: pins);

        Assert.Empty(bench.Server.Requests);
        Assert.Equal(pins.Files, fetched.Files);
    }

    [Fact]
    public async Task A_moved_branch_changes_nothing()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        HubPins pins = (await bench.Fetch()).Pins;
        repository.Commit("2222222222222222222222222222222222222222", "main", ("config.json", new HubContents("new"u8.ToArray(), false)));
        Directory.Delete(bench.Cache, recursive: true);
        bench.Server.Forget();

        FetchedRepository fetched = await bench.Fetch(pins: pins);

        Assert.Equal(HubBench.Commit, fetched.Commit);
        Assert.Equal(0, bench.Server.CommitRequests + bench.Server.ListRequests);
        Assert.Equal(4, bench.Server.FileRequests);
    }

    [Fact]
    public async Task A_file_of_the_cache_with_another_hash_is_fetched_anew()
    {
        await using var bench = new HubBench();
        HubContents weights = bench.AddModel().Files["model.safetensors"];
        HubPins pins = (await bench.Fetch()).Pins;
        await File.WriteAllBytesAsync(bench.Folder().Blob(weights.Hash), new byte[weights.Bytes.Length], TestContext.Current.CancellationToken);
        bench.Server.Forget();

        await bench.Fetch(pins: pins);

        Assert.Equal(1, bench.Server.FileRequests);
    }

    [Fact]
    public async Task A_hash_that_the_hub_cannot_satisfy_is_an_error()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        HubPins pins = (await bench.Fetch()).Pins;
        HubFile[] files = [.. pins.Files.Select(file => file.Path == "model.safetensors" ? file with { Hash = new string('a', 64) } : file)];

        Assert.Equal(HubCode.PinDiffers, (await bench.Fault(pins: pins with { Files = files })).Code);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("/etc/passwd")]
    public async Task A_hostile_name_in_a_lock_file_is_refused(string path)
    {
        await using var bench = new HubBench();

        HubException fault = await bench.Fault(pins: new HubPins(HubBench.Commit, "", [new HubFile(path, 1, new string('a', 40))]));

        Assert.Equal(HubCode.ListingRefused, fault.Code);
    }

    [Fact]
    public async Task A_commit_of_another_shape_is_refused()
    {
        await using var bench = new HubBench();

        Assert.Equal(HubCode.PinDiffers, (await bench.Fault(pins: new HubPins("../../x", "", []))).Code);
    }

    [Fact]
    public async Task Offline_the_pinned_files_of_the_cache_serve()
    {
        await using var bench = new HubBench();
        bench.AddModel().Small("sub/config.json", "{}").Large("sub/model.safetensors", 10);
        HubPins pins = (await bench.Fetch("hf://acme/tiny/sub")).Pins;

        FetchedRepository fetched = await bench.Set("HF_HUB_OFFLINE", "1").Fetch("hf://acme/tiny/sub", pins: pins);

        Assert.Equal(["config.json", "model.safetensors"], fetched.Names);
        Assert.EndsWith("sub", fetched.Folder, StringComparison.Ordinal);
    }
}
