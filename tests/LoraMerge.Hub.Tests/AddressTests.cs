using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Places;
using LoraMerge.Hub.Tests.Server;

namespace LoraMerge.Hub.Tests;

/// <summary>Section 1: what an address means.</summary>
public sealed class AddressTests
{
    [Theory]
    [InlineData("hf://acme/tiny", "main", "")]
    [InlineData("hf://models/acme/tiny", "main", "")]
    [InlineData("HF://acme/tiny/", "main", "")]
    [InlineData("hf://acme/tiny@v1.0", "v1.0", "")]
    [InlineData("hf://acme/tiny@refs/pr/12", "refs/pr/12", "")]
    [InlineData("hf://acme/tiny@refs/convert/parquet", "refs/convert/parquet", "")]
    [InlineData("hf://acme/tiny@refs/pr/12/sub", "refs/pr/12", "sub")]
    [InlineData("hf://acme/tiny@feature%2Fx", "feature/x", "")]
    [InlineData("hf://acme/tiny@feature%2fx/sub/folder", "feature/x", "sub/folder")]
    [InlineData("hf://acme/tiny/sub/folder", "main", "sub/folder")]
    [InlineData("hf://acme/tiny/sub@feature/x", "feature/x", "sub")]
    [InlineData("hf://acme/tiny@main/sub", "main", "sub")]
    [InlineData("hf://acme/tiny@1111111111111111111111111111111111111111/sub", "1111111111111111111111111111111111111111", "sub")]
    public void An_address_has_one_meaning(string text, string revision, string subfolder)
    {
        HubAddress address = HubAddress.Parse(text);

        Assert.Equal("acme/tiny", address.Id);
        Assert.Equal(new HubReading(revision, subfolder), Assert.Single(address.Readings));
    }

    [Fact]
    public void A_slash_behind_the_revision_may_be_of_a_branch_or_before_a_folder()
    {
        HubAddress address = HubAddress.Parse("hf://acme/tiny@feature/x/y");

        Assert.Equal([new HubReading("feature/x/y", ""), new HubReading("feature/x", "y"), new HubReading("feature", "x/y")], address.Readings);
    }

    [Theory]
    [InlineData("hf://tiny")]
    [InlineData("hf://")]
    [InlineData("hf:///tiny")]
    [InlineData("hf://models/tiny")]
    [InlineData("hf://datasets/acme/tiny")]
    [InlineData("hf://spaces/acme/tiny")]
    [InlineData("hf://kernels/acme/tiny")]
    [InlineData("hf://buckets/acme/tiny")]
    [InlineData("hf://acme/ti ny")]
    [InlineData("hf://acme/tiny--model")]
    [InlineData("hf://acme/tiny..model")]
    [InlineData("hf://acme/tiny.git")]
    [InlineData("hf://acme/-tiny")]
    [InlineData("hf://acme/tiny.")]
    [InlineData("hf://acme/..")]
    [InlineData("hf://../tiny")]
    [InlineData("hf://acme/tiny@")]
    [InlineData("hf://acme/tiny@/x")]
    [InlineData("hf://acme/tiny@x/")]
    [InlineData("hf://acme/tiny@../x")]
    [InlineData("hf://acme/tiny@x/../../y")]
    [InlineData("hf://acme/tiny@x%2F..%2Fy")]
    [InlineData("hf://acme/tiny@a..b")]
    [InlineData("hf://acme/tiny@x\\y")]
    [InlineData("hf://acme/tiny@x\ny")]
    [InlineData("hf://acme/tiny@a b")]
    [InlineData("hf://acme/tiny/../other")]
    [InlineData("hf://acme/tiny//sub")]
    [InlineData("hf://acme/12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678")]
    public void What_is_no_address_is_refused_before_anything_is_asked(string text)
    {
        HubException fault = Assert.Throws<HubException>(() => HubAddress.Parse(text));

        Assert.Equal(HubCode.AddressInvalid, fault.Code);
    }

    [Theory]
    [InlineData("acme/tiny")]
    [InlineData("models/hf")]
    [InlineData("https://huggingface.co/acme/tiny")]
    public void A_bare_name_is_a_folder(string text) => Assert.False(HubAddress.IsAddress(text));

    [Theory]
    [InlineData("hf://acme/tiny@feature/x", "feature/x", 1)]
    [InlineData("hf://acme/tiny@feature%2Fx", "feature/x", 1)]
    [InlineData("hf://acme/tiny@v1/sub", "v1", 2)]
    [InlineData("hf://acme/tiny@main/sub", "main", 1)]
    public async Task The_repository_decides_what_a_slash_is(string text, string revision, int questions)
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel().Small("sub/config.json", "{}").Large("sub/model.safetensors", 1000, seed: 7);
        repository.Revisions[revision] = HubBench.Commit;

        FetchedRepository fetched = await bench.Fetch(text);

        bool isSub = text.EndsWith("/sub", StringComparison.Ordinal);
        Assert.Equal(isSub ? ["config.json", "model.safetensors"] : repository.Files.Keys.Where(name => !name.Contains('/')), fetched.Names);
        Assert.Equal(questions, bench.Server.CommitRequests);
        Assert.Equal(HubBench.Commit, await File.ReadAllTextAsync(bench.Folder().Ref(revision), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_revision_is_escaped_as_a_whole()
    {
        await using var bench = new HubBench();
        bench.AddModel().Revisions["feature/x"] = HubBench.Commit;

        await bench.Fetch("hf://acme/tiny@feature/x");

        Assert.Contains(bench.Server.Requests, request => request.Target == "/api/models/acme/tiny/revision/feature%2Fx");
    }

    [Fact]
    public async Task A_shortened_commit_is_resolved_by_the_hub_and_offline_by_the_cache()
    {
        await using var bench = new HubBench();
        bench.AddModel();

        FetchedRepository online = await bench.Fetch("hf://acme/tiny@1111111");
        FetchedRepository offline = await bench.Set("HF_HUB_OFFLINE", "1").Fetch("hf://acme/tiny@11111111");

        Assert.Equal((HubBench.Commit, HubBench.Commit), (online.Commit, offline.Commit));
    }

    [Fact]
    public async Task An_adapter_in_a_folder_is_named_after_it_and_a_base_after_its_repository()
    {
        await using var bench = new HubBench();
        bench.AddModel().Small("pirate/adapter_config.json", "{}").Large("pirate/adapter_model.safetensors", 100);

        Assert.Equal("pirate", (await bench.Fetch("hf://acme/tiny/pirate")).Name);
        Assert.Equal("tiny", (await bench.Fetch()).Name);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_said()
    {
        await using var bench = new HubBench();
        bench.AddModel();

        Assert.Equal(HubCode.FileMissing, (await bench.Fault("hf://acme/tiny/nowhere")).Code);
    }
}
