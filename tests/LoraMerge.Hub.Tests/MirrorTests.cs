using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Tests.Server;

namespace LoraMerge.Hub.Tests;

/// <summary>Mirrors, and stores of companies that stand in for the hub: what they leave out, and where they lead on.</summary>
public sealed class MirrorTests
{
    [Fact]
    public async Task A_mirror_that_names_no_commit_serves_as_each_file_is_held_to_its_hash()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (_, reply) => reply.Without("X-Repo-Commit");

        Assert.Equal(4, (await bench.Fetch()).Files.Count);

        bench.Server.Add("acme/other").Small("config.json", "{}").Large("model.safetensors", 1000);
        bench.Server.Alter = (request, reply) => request.IsContent ? reply with { Body = [1, 2, 3] } : reply.Without("X-Repo-Commit");
        Assert.Equal(HubCode.ContentDiffers, (await bench.Fault("hf://acme/other")).Code);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1")]
    [InlineData("https://hub.example")]
    [InlineData("")]
    public async Task The_next_page_of_a_list_is_asked_of_the_mirror_wherever_the_hub_has_it(string hub)
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Folder = "/company/models";
        bench.Server.Alter = (request, reply) => reply.Headers.FirstOrDefault(header => header.Name == "Link").Value is { } link
            ? reply.With("Link", link.Replace(bench.Server.Address, hub, StringComparison.Ordinal)) : reply;

        FetchedRepository fetched = await bench.Set("HF_ENDPOINT", bench.Server.Address + bench.Server.Folder).Set("HF_TOKEN", HubServer.Token).Fetch();

        Assert.Equal(4, fetched.Files.Count);
        Assert.Equal(2, bench.Server.ListRequests);
    }

    [Fact]
    public async Task A_mirror_that_leads_on_to_the_hub_is_followed()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        LeadOn(bench);

        Assert.Equal(4, (await bench.Fetch()).Files.Count);
    }

    [Fact]
    public async Task What_a_hub_behind_a_mirror_refuses_is_refused_at_once_and_it_gets_no_token()
    {
        await using var bench = new HubBench();
        bench.AddModel().IsGated = true;
        LeadOn(bench);
        bench.Set("HF_TOKEN", HubServer.Token);

        HubException fault = await bench.Fault();

        Assert.Equal(HubCode.RepositoryGated, fault.Code);
        Assert.Contains("leads on to", fault.Message, StringComparison.Ordinal);
        Assert.Empty(bench.Waits);
        Assert.All(bench.Server.Requests, request => Assert.Equal(request.IsContent ? "Bearer " + HubServer.Token : null, request.Token));
    }

    [Fact]
    public async Task A_mirror_that_lists_no_files_is_not_taken_for_a_repository_that_is_missing()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => request.Path.Contains("/tree/", StringComparison.Ordinal) ? new HubReply(404) : reply;

        HubException fault = await bench.Fault();

        Assert.Equal(HubCode.NotAHub, fault.Code);
        Assert.Contains("cannot list files", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>The host of contents is the mirror, which has nothing but contents.</summary>
    private static void LeadOn(HubBench bench)
    {
        bench.Set("HF_ENDPOINT", bench.Server.ContentAddress + "/mirror");
        bench.Server.Alter = (request, reply) => request.IsContent && request.Target.StartsWith("/mirror/", StringComparison.Ordinal)
            ? HubReply.To(308, bench.Server.Address + request.Target["/mirror".Length..]) : reply;
    }
}
