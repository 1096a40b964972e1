using System.IO.Compression;
using System.Text;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Tests.Server;

namespace LoraMerge.Hub.Tests;

/// <summary>Section 3: what is asked for, and how the hub answers.</summary>
public sealed class RequestTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Small_files_come_at_once_or_by_a_relative_redirect(bool atOnce)
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.SendsSmallFilesAtOnce = atOnce;

        FetchedRepository fetched = await bench.Fetch();

        Assert.Equal("{}", await File.ReadAllTextAsync(Path.Combine(fetched.Folder, "config.json"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_mark_of_UTF_8_before_what_the_hub_says_does_no_harm()
    {
        await using var bench = new HubBench();
        bench.Server.Add("acme/tiny").Small("model.safetensors.index.json", "\uFEFF{\"weight_map\": {\"a\": \"model-1.safetensors\"}}")
            .Large("model-1.safetensors", 10);
        bench.Server.Alter = (request, reply) => request.Path.StartsWith("/api/models/", StringComparison.Ordinal)
            ? reply with { Body = [0xEF, 0xBB, 0xBF, .. reply.Body] } : reply;

        Assert.Equal(["model-1.safetensors", "model.safetensors.index.json"], (await bench.Fetch()).Names);

        bench.Server.Alter = (_, _) => HubReply.Json("\uFEFF{\"error\":\"not you\"}", 403);
        Assert.Contains("says 'not you'", (await bench.Fault("hf://acme/other")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public async Task An_index_in_UTF_16_is_named_as_that(string encoding)
    {
        await using var bench = new HubBench();
        bench.Server.Add("acme/tiny").Small("model.safetensors.index.json", "").Commit(HubBench.Commit, "main", (
            "model.safetensors.index.json",
            new HubContents([.. Encoding.GetEncoding(encoding).Preamble, .. Encoding.GetEncoding(encoding).GetBytes("{\"weight_map\": {}}")], false)));

        Assert.Contains("UTF-16", (await bench.Fault()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_are_asked_for_by_the_commit_never_by_the_branch()
    {
        await using var bench = new HubBench();
        bench.AddModel();

        await bench.Fetch();

        Assert.All(bench.Server.Requests.Where(request => request.Path.Contains("/resolve/", StringComparison.Ordinal)),
            request => Assert.StartsWith($"/acme/tiny/resolve/{HubBench.Commit}/", request.Path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_branch_that_moves_after_the_answer_changes_nothing()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        bench.Server.Alter = (request, reply) =>
        {
            if (request.Path.Contains("/tree/", StringComparison.Ordinal))
                repository.Commit("2222222222222222222222222222222222222222", "main", ("config.json", new HubContents("{ \"new\": 1 }"u8.ToArray(), false)));
            return reply;
        };

        FetchedRepository fetched = await bench.Fetch();

        Assert.Equal(HubBench.Commit, fetched.Commit);
        Assert.Equal("{}", await File.ReadAllTextAsync(Path.Combine(fetched.Folder, "config.json"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_list_is_followed_to_its_last_page()
    {
        await using var bench = new HubBench();
        bench.AddModel();

        Assert.Equal(4, (await bench.Fetch()).Files.Count);
        Assert.Equal(2, bench.Server.ListRequests);
    }

    [Fact]
    public async Task A_full_commit_is_not_asked_for()
    {
        await using var bench = new HubBench();
        bench.AddModel();

        await bench.Fetch($"hf://acme/tiny@{HubBench.Commit}");
        Assert.Equal(0, bench.Server.CommitRequests);
        bench.Server.Forget();
        await bench.Fetch($"hf://acme/tiny@{HubBench.Commit}");

        Assert.Empty(bench.Server.Requests);
    }

    [Fact]
    public async Task A_request_says_who_asks_and_wants_no_compression()
    {
        await using var bench = new HubBench();
        bench.AddModel();

        await bench.Fetch();

        Assert.All(bench.Server.Requests, request =>
        {
            Assert.Equal($"lora-merge/1.2.3; dotnet/{Environment.Version}", request.Headers["user-agent"]);
            Assert.Equal("identity", request.Headers["accept-encoding"]);
        });
    }

    [Fact]
    public async Task A_body_that_is_compressed_unasked_is_understood()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => reply.Status == 200
            ? reply.With("Content-Encoding", "gzip") with { Body = Zipped(reply.Body), IsChunked = true }
            : reply;

        FetchedRepository fetched = await bench.Fetch();

        Assert.Equal("{}", await File.ReadAllTextAsync(Path.Combine(fetched.Folder, "config.json"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("additional_chat_templates/with blank.jinja")]
    [InlineData("additional_chat_templates/a#b?c.jinja")]
    [InlineData("additional_chat_templates/100%25+ä.jinja")]
    [InlineData("vocab 日本語.txt")]
    public async Task A_path_is_escaped_segment_by_segment(string path)
    {
        await using var bench = new HubBench();
        bench.AddModel().Small(path, "text");

        FetchedRepository fetched = await bench.Fetch();

        Assert.Contains(path, fetched.Names);
        Assert.Equal("text", await File.ReadAllTextAsync(Path.Combine(fetched.Folder, path), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_renamed_repository_is_followed_and_keeps_the_name_that_was_asked_for()
    {
        await using var bench = new HubBench();
        bench.AddModel("acme/new-name");
        bench.Server.Add("acme/tiny").RenamedTo = "acme/new-name";

        FetchedRepository fetched = await bench.Fetch();

        Assert.StartsWith(bench.Folder().Path, fetched.Folder, StringComparison.Ordinal);
        Assert.False(Directory.Exists(bench.Folder("acme/new-name").Path));
    }

    [Theory]
    [InlineData("/revision/")]
    [InlineData("/tree/")]
    [InlineData("/resolve/")]
    public async Task A_page_for_people_is_no_answer_of_a_hub(string where)
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => request.Path.Contains(where, StringComparison.Ordinal) ? HubReply.Page() : reply;

        Assert.Equal(HubCode.NotAHub, (await bench.Fault()).Code);
    }

    [Fact]
    public async Task A_commit_that_is_none_is_refused_before_it_becomes_a_name()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) =>
            request.Path.Contains("/revision/", StringComparison.Ordinal) ? HubReply.Json("""{"sha":"../../../../etc"}""") : reply;

        Assert.Equal(HubCode.ListingRefused, (await bench.Fault()).Code);
        Assert.Empty(bench.Entries());
    }

    [Fact]
    public async Task A_warning_of_the_hub_is_told_once_a_topic()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (_, reply) => reply.With("X-HF-Warning", "unauthenticated; Sign in for more.");

        await bench.Fetch();

        Assert.Equal(1, bench.Lines.Split("Sign in for more.").Length - 1);
    }

    private static byte[] Zipped(byte[] bytes)
    {
        var zipped = new MemoryStream();
        using (var stream = new GZipStream(zipped, CompressionMode.Compress))
            stream.Write(bytes);
        return zipped.ToArray();
    }
}
