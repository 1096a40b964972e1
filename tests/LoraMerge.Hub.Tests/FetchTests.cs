using LoraMerge.Hub.Fetching;

namespace LoraMerge.Hub.Tests;

/// <summary>The common way: fetched once, then in the cache.</summary>
public sealed class FetchTests
{
    [Fact]
    public async Task A_model_is_fetched_into_the_cache_with_its_contents()
    {
        await using var bench = new HubBench();
        bench.AddModel();

        FetchedRepository fetched = await bench.Fetch();

        Assert.Equal(HubBench.Commit, fetched.Commit);
        Assert.Equal(["README.md", "config.json", "model.safetensors", "tokenizer.json"], fetched.Names);
        Assert.All(bench.Server.Repositories["acme/tiny"].Files,
            file => Assert.Equal(file.Value.Bytes, File.ReadAllBytes(Path.Combine(fetched.Folder, file.Key))));
    }

    [Fact]
    public async Task A_second_run_asks_for_the_commit_of_the_branch_and_nothing_else()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        await bench.Fetch();
        bench.Server.Forget();

        await bench.Fetch();

        Assert.Equal(1, bench.Server.CommitRequests);
        Assert.Single(bench.Server.Requests);
    }
}
