using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Protocol;
using LoraMerge.Hub.Tests.Server;

namespace LoraMerge.Hub.Tests;

/// <summary>Section 4: redirects, and where the token goes.</summary>
public sealed class RedirectTests
{
    [Fact]
    public async Task The_token_goes_to_the_hub_on_every_hop_and_to_no_other_host()
    {
        await using var bench = new HubBench();
        bench.AddModel().IsPrivate = true;

        await bench.Set("HF_TOKEN", HubServer.Token).Fetch();

        Assert.All(bench.Server.Requests, request => Assert.Equal(request.IsContent ? null : "Bearer " + HubServer.Token, request.Token));
        Assert.Contains(bench.Server.Requests, request => request.IsContent);
        Assert.Contains(bench.Server.Requests, request => request.Path.StartsWith("/api/resolve-cache/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_token_does_not_go_to_another_port_that_a_list_names()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => request.IsContent && request.Path == "/api/more"
                ? HubReply.Json("[]").With("Link", $"<{bench.Server.ContentAddress}/api/most?cursor=2>; rel=\"next\"")
            : request.IsContent && request.Path == "/api/most" ? HubReply.Json("[]")
            : request.Path.Contains("/tree/", StringComparison.Ordinal) && !request.Target.Contains("cursor", StringComparison.Ordinal)
                ? reply.With("Link", $"<{bench.Server.ContentAddress}/api/more?cursor=1>; rel=\"next\"")
            : reply;

        await bench.Set("HF_TOKEN", HubServer.Token).Fault(); // the list lacks the weights

        HubRequest[] elsewhere = [.. bench.Server.Requests.Where(request => request.IsContent)];
        Assert.Equal(["/api/more", "/api/most"], elsewhere.Select(request => request.Path));
        Assert.All(elsewhere, request => Assert.Null(request.Token));
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://127.0.0.1/x")]
    [InlineData("http://")]
    [InlineData("http://[broken")]
    [InlineData("")]
    public async Task What_leads_nowhere_sound_is_refused(string location)
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => request.Path.Contains("/resolve/", StringComparison.Ordinal) ? HubReply.To(302, location) : reply;

        Assert.Equal(HubCode.RedirectRefused, (await bench.Fault()).Code);
    }

    [Fact]
    public async Task A_redirect_without_a_place_is_refused()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => request.Path.Contains("/resolve/", StringComparison.Ordinal) ? new HubReply(302) : reply;

        Assert.Equal(HubCode.RedirectRefused, (await bench.Fault()).Code);
    }

    [Fact]
    public async Task A_circle_ends_after_ten_hops()
    {
        await using var bench = new HubBench();
        bench.AddModel().Files.Remove("config.json");
        bench.Server.Alter = (request, reply) => request.Path.Contains("/revision/", StringComparison.Ordinal) ? HubReply.To(302, request.Target) : reply;

        Assert.Equal(HubCode.RedirectRefused, (await bench.Fault()).Code);
        Assert.Equal(11, bench.Server.Requests.Count);
    }

    [Theory]
    [InlineData("https://hub.example/a/b", "http://other.example/x")]
    [InlineData("https://hub.example/a/b", "HTTP://hub.example/x")]
    public void It_never_goes_from_https_to_plain_http(string from, string location)
    {
        HubException fault = Assert.Throws<HubException>(() => HubRequests.Follow(new Uri(from), location, "x"));

        Assert.Equal(HubCode.RedirectRefused, fault.Code);
    }

    [Theory]
    [InlineData("https://hub.example/a/b", "/x?y=1", "https://hub.example/x?y=1")]
    [InlineData("https://hub.example/a/b", "c", "https://hub.example/a/c")]
    [InlineData("https://hub.example/a/b", "?y=a:b", "https://hub.example/a/b?y=a:b")]
    [InlineData("https://hub.example/a/b", "//cdn.example/x", "https://cdn.example/x")]
    [InlineData("http://hub.example/a/b", "https://cdn.example/x%2Fy", "https://cdn.example/x%2Fy")]
    public void A_place_may_be_relative(string from, string location, string target) =>
        Assert.Equal(target, HubRequests.Follow(new Uri(from), location, "x").AbsoluteUri);

    [Fact]
    public async Task A_body_that_falls_silent_is_not_waited_for_without_end()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        int count = 0;
        bench.Server.Alter = (request, reply) => request.IsContent && count++ == 0 ? reply with { SilentAfter = 100_000 } : reply;

        await bench.Set("HF_HUB_DOWNLOAD_TIMEOUT", "0.2").Fetch();

        Assert.Equal("bytes=100000-", bench.Server.Requests.Last(request => request.IsContent).Range);
    }

    [Fact]
    public async Task An_answer_that_does_not_come_is_not_waited_for_without_end()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (_, reply) => reply with { IsMute = true };

        Assert.Equal(HubCode.HubNotReachable, (await bench.Set("HF_HUB_ETAG_TIMEOUT", "0.1").Fault()).Code);
        Assert.Equal([1, 2, 4, 8, 8], bench.Waits);
    }
}
