using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Tests.Server;

namespace LoraMerge.Hub.Tests;

/// <summary>Section 5: what an error of the hub means, and when it is asked again.</summary>
public sealed class HubErrorTests
{
    [Fact]
    public async Task A_repository_that_is_missing_or_private_is_both_and_says_where_a_token_is_looked_for()
    {
        await using var bench = new HubBench();

        HubException fault = await bench.Fault();

        Assert.Equal(HubCode.RepositoryNotFound, fault.Code);
        Assert.Contains("private", fault.Message, StringComparison.Ordinal);
        Assert.Contains("HF_TOKEN", fault.Message, StringComparison.Ordinal);
        Assert.Contains(bench.Environment.TokenFile, fault.Message, StringComparison.Ordinal);
        Assert.Contains("No token was sent.", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_token_a_missing_repository_is_not_found()
    {
        await using var bench = new HubBench();

        HubException fault = await bench.Set("HF_TOKEN", HubServer.Token).Fault();

        Assert.Equal(HubCode.RepositoryNotFound, fault.Code);
        Assert.Contains("A token was sent.", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(HubServer.Token, fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gated_repository_names_the_page_where_its_terms_are_accepted()
    {
        await using var bench = new HubBench();
        bench.AddModel().IsGated = true;

        HubException fault = await bench.Fault();

        Assert.Equal(HubCode.RepositoryGated, fault.Code);
        Assert.Contains($"{bench.Server.Address}/acme/tiny", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gated_repository_says_what_the_hub_says_such_as_that_its_authors_have_not_answered()
    {
        await using var bench = new HubBench();
        bench.Server.Alter = (_, _) => HubReply.Error(403, "GatedRepo", "Your request to access model acme/tiny is awaiting a review from the repo authors.");

        HubException fault = await bench.Set("HF_TOKEN", HubServer.Token).Fault();

        Assert.Equal(HubCode.RepositoryGated, fault.Code);
        Assert.Contains("'Your request to access model acme/tiny is awaiting a review from the repo authors'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("A token was sent.", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_has_ended_is_not_taken_for_a_repository_that_is_missing()
    {
        await using var bench = new HubBench();
        bench.Server.Alter = (_, _) => HubReply.Error(401, null, "User Access Token 'ci' is expired");

        HubException fault = await bench.Set("HF_TOKEN", HubServer.Token).Fault();

        Assert.Equal(HubCode.TokenRefused, fault.Code);
        Assert.Contains("'ci' is expired", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revision_that_is_missing_is_named()
    {
        await using var bench = new HubBench();
        bench.AddModel();

        HubException fault = await bench.Fault("hf://acme/tiny@v9");

        Assert.Equal(HubCode.RevisionNotFound, fault.Code);
        Assert.Contains("'v9'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_listed_and_missing_is_named()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => request.Path.EndsWith("tokenizer.json", StringComparison.Ordinal)
            ? HubReply.Error(404, "EntryNotFound", "Entry not found").With("X-Repo-Commit", HubBench.Commit) : reply;

        HubException fault = await bench.Fault();

        Assert.Equal(HubCode.EntryNotFound, fault.Code);
        Assert.Contains("'tokenizer.json'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_is_not_valid_is_said_without_it()
    {
        await using var bench = new HubBench();
        bench.AddModel();

        HubException fault = await bench.Set("HF_TOKEN", "hf_wrong").Fault();

        Assert.Equal(HubCode.TokenRefused, fault.Code);
        Assert.DoesNotContain("hf_wrong", fault.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Access to this resource is disabled")]
    [InlineData("Token lacks the scope repo.content.read")]
    public async Task A_refusal_says_what_the_hub_says(string message)
    {
        await using var bench = new HubBench();
        bench.Server.Alter = (_, _) => HubReply.Error(403, null, message);

        HubException fault = await bench.Fault();

        Assert.Equal(HubCode.AccessRefused, fault.Code);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxy_that_wants_a_password_is_named_as_one()
    {
        await using var bench = new HubBench();
        bench.Server.Alter = (_, _) => HubReply.Error(407, null, "Proxy Authentication Required");

        Assert.Equal(HubCode.ProxyFault, (await bench.Fault()).Code);
    }

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task Trouble_of_the_hub_is_asked_again_five_times_and_then_told(int status)
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => request.Path.Contains("/tree/", StringComparison.Ordinal) ? HubReply.Error(status, null, "") : reply;

        HubException fault = await bench.Fault();

        Assert.Equal(HubCode.HubInTrouble, fault.Code);
        Assert.Equal([1, 2, 4, 8, 8], bench.Waits);
        Assert.Equal(6, bench.Server.ListRequests);
        Assert.Contains($" {status} ", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task The_hub_says_how_long_to_wait(int status)
    {
        await using var bench = new HubBench();
        bench.AddModel();
        int count = 0;
        bench.Server.Alter = (_, reply) => count++ == 0 ? HubReply.Error(status, null, "").With("Retry-After", "17") : reply;

        await bench.Fetch();

        Assert.Equal([17], bench.Waits);
        Assert.Contains("trying again in 17 s", bench.Lines, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_window_of_the_rate_limit_is_waited_for()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        int count = 0;
        bench.Server.Alter = (_, reply) => count++ == 0 ? HubReply.Error(429, null, "").With("RateLimit", "\"api\";r=0;t=172") : reply;

        await bench.Fetch();

        Assert.Equal([172], bench.Waits);
    }

    [Fact]
    public async Task A_wait_of_hours_is_told_of_instead()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (_, _) => HubReply.Error(429, null, "").With("Retry-After", "86400");

        Assert.Equal(HubCode.HubInTrouble, (await bench.Fault()).Code);
        Assert.Empty(bench.Waits);
    }

    [Fact]
    public async Task A_reset_connection_is_tried_again()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        int count = 0;
        bench.Server.Alter = (_, reply) => reply with { IsReset = count++ == 0 };

        await bench.Fetch();

        Assert.Equal([1], bench.Waits);
    }

    [Fact]
    public async Task The_count_starts_anew_whenever_bytes_arrived()
    {
        await using var bench = new HubBench();
        bench.AddModel(weights: 300_000);
        bench.Server.Alter = (request, reply) => request.IsContent ? reply with { CutAfter = 30_000 } : reply;

        await bench.Fetch();

        Assert.Equal(300_000, bench.Server.Requests.Where(request => request.IsContent).Sum(request => request.BytesSent));
        Assert.All(bench.Waits, wait => Assert.Equal(1, wait));
    }

    [Theory]
    [InlineData(403)]
    [InlineData(400)]
    public async Task An_expired_signature_is_asked_for_anew(int status)
    {
        await using var bench = new HubBench();
        bench.AddModel();
        int count = 0;
        bench.Server.Alter = (request, reply) => request.IsContent && count++ == 0 ? HubReply.Error(status, null, "Request has expired") : reply;

        await bench.Fetch();

        Assert.Equal(2, bench.Server.Requests.Count(request => request.Path.EndsWith("/model.safetensors", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_signed_address_is_not_told()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => request.IsContent ? HubReply.Error(403, null, "Request has expired") : reply;

        HubException fault = await bench.Fault();

        Assert.Equal(HubCode.HubInTrouble, fault.Code);
        Assert.DoesNotContain("signedForATime", fault + bench.Lines, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hub_that_is_not_there_is_told_with_its_host()
    {
        await using var bench = new HubBench();

        HubException fault = await bench.Set("HF_ENDPOINT", "http://127.0.0.1:1").Fault();

        Assert.Equal(HubCode.HubNotReachable, fault.Code);
        Assert.Contains("127.0.0.1:1", fault.Message, StringComparison.Ordinal);
    }
}
