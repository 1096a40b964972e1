using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Places;
using LoraMerge.Hub.Tests.Server;

namespace LoraMerge.Hub.Tests;

/// <summary>Section 8: nothing that names a place is trusted.</summary>
public sealed class HostileTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("../config.json")]
    [InlineData("sub/../../x")]
    [InlineData("./config.json")]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("..\\x")]
    [InlineData("C:x")]
    [InlineData("a\u0001b")]
    [InlineData("a\nb")]
    [InlineData("a\u007fb")]
    [InlineData("a\0b")]
    public async Task A_hostile_name_refuses_the_repository_whole(string name)
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => WithEntry(request, reply, name, new string('a', 40));

        HubException fault = await bench.Fault();

        Assert.Equal(HubCode.ListingRefused, fault.Code);
        Assert.Equal(0, bench.Server.FileRequests);
        Assert.Empty(bench.Entries());
    }

    [Fact]
    public async Task A_hostile_name_of_a_folder_does_too()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => WithEntry(request, reply, "../x", new string('a', 40), "directory");

        Assert.Equal(HubCode.ListingRefused, (await bench.Fault()).Code);
    }

    [Fact]
    public async Task A_hub_that_repeats_the_token_does_not_get_it_shown()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Set("HF_TOKEN", HubServer.Token);
        bench.Server.Alter = (_, _) => HubReply.Error(403, null, $"no right: Bearer {HubServer.Token}").With("X-HF-Warning", $"topic; {HubServer.Token}");

        HubException fault = await bench.Fault();

        Assert.Equal(HubCode.AccessRefused, fault.Code);
        Assert.Contains("no right: Bearer ***", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(HubServer.Token, fault.Message + bench.Lines, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/revision/", """{"sha":"\ud800"}""", 200, HubCode.ListingRefused)]
    [InlineData("/tree/", """[{"type":"file","path":"\ud800.json","size":1,"oid":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]""", 200, HubCode.ListingRefused)]
    [InlineData("/tree/", """[{"type":"file","path":"config.json","size":1,"oid":"\ud800"}]""", 200, HubCode.ListingRefused)]
    [InlineData("/tree/", """{"error":"\ud800"}""", 403, HubCode.AccessRefused)]
    public async Task Half_of_a_surrogate_pair_is_no_text(string route, string body, int status, HubCode expected)
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => request.Path.Contains(route, StringComparison.Ordinal)
            ? new HubReply(status) { Body = Encoding.UTF8.GetBytes(body) }.With("Content-Type", "application/json") : reply;

        Assert.Equal(expected, (await bench.Fault()).Code);
        Assert.Equal(0, bench.Server.FileRequests);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../../../x")]
    [InlineData("abc")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaag")]
    public async Task A_hash_is_held_to_its_shape_before_it_becomes_a_name(string hash)
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => WithEntry(request, reply, "tokenizer.model", hash);

        Assert.Equal(HubCode.ListingRefused, (await bench.Fault()).Code);
        Assert.Empty(bench.Entries());
    }

    [Theory]
    [InlineData("con")]
    [InlineData("sub/NUL.json")]
    [InlineData("a.")]
    [InlineData("a ")]
    [InlineData("a<b")]
    public void Names_that_Windows_has_no_files_of_are_refused_there(string name) => Assert.Equal(!OperatingSystem.IsWindows(), HubNames.IsPath(name));

    [Fact]
    public async Task A_name_that_is_a_file_and_a_folder_is_refused()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => WithEntry(request, reply, "config.json/x", new string('a', 40));

        Assert.Equal(HubCode.ListingRefused, (await bench.Fault()).Code);
    }

    [Fact]
    public async Task A_name_with_two_contents_is_refused()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => WithEntry(request, reply, "config.json", new string('a', 40));

        Assert.Equal(HubCode.ListingRefused, (await bench.Fault()).Code);
    }

    [Fact]
    public async Task A_list_that_names_itself_as_the_next_page_is_refused()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => request.Path.Contains("/tree/", StringComparison.Ordinal)
            ? reply.Without("Link").With("Link", $"<{bench.Server.Address}{request.Target}>; rel=\"next\"") : reply;

        Assert.Equal(HubCode.ListingRefused, (await bench.Fault()).Code);
        Assert.Equal(1, bench.Server.ListRequests);
    }

    [Fact]
    public async Task A_list_without_end_is_refused()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        int page = 0;
        string Next(HubRequest request) =>
            string.Create(CultureInfo.InvariantCulture, $"<{bench.Server.Address}{request.Path}?cursor={++page}>; rel=\"next\"");
        bench.Server.Alter = (request, reply) => request.Path.Contains("/tree/", StringComparison.Ordinal)
            ? HubReply.Json("[]").With("Link", Next(request)) : reply;

        Assert.Equal(HubCode.ListingRefused, (await bench.Fault()).Code);
        Assert.Equal(1000, bench.Server.ListRequests);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("[{\"type\":\"file\"}]")]
    [InlineData("[{\"type\":\"file\",\"path\":\"x\",\"size\":-1,\"oid\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}]")]
    [InlineData("[{\"type\":\"file\",\"path\":\"x\",\"size\":1e99,\"oid\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}]")]
    [InlineData("[{\"type\":\"file\",\"path\":\"x\",\"size\":\"1\",\"oid\":1}]")]
    public async Task A_list_of_another_form_is_refused(string json)
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => request.Path.Contains("/tree/", StringComparison.Ordinal) ? HubReply.Json(json) : reply;

        Assert.Equal(HubCode.ListingRefused, (await bench.Fault()).Code);
    }

    [Theory]
    [InlineData("blobs")]
    [InlineData("snapshots")]
    [InlineData("snapshots/" + HubBench.Commit)]
    public async Task A_planted_link_in_the_place_of_a_folder_is_not_written_through(string folder)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a right there.");
        await using var bench = new HubBench();
        bench.AddModel();
        string elsewhere = Directory.CreateDirectory(Path.Combine(bench.Home, "elsewhere")).FullName;
        string link = Path.Combine(bench.Folder().Path, folder);
        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        Directory.CreateSymbolicLink(link, elsewhere);

        Assert.Equal(HubCode.CacheRefused, (await bench.Fault()).Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(elsewhere));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_planted_link_in_the_place_of_a_file_is_replaced_not_written_through(bool isBlob)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a right there.");
        await using var bench = new HubBench();
        HubContents config = bench.AddModel().Files["config.json"];
        string victim = Path.Combine(bench.Home, "victim");
        await File.WriteAllTextAsync(victim, "[]", Token); // as long as the file that is meant
        string link = isBlob ? bench.Folder().Blob(config.Hash) : bench.Folder().File(HubBench.Commit, "config.json");
        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        File.CreateSymbolicLink(link, victim);

        await bench.Fetch();

        Assert.Equal("[]", await File.ReadAllTextAsync(victim, Token));
        Assert.Equal("{}", await File.ReadAllTextAsync(bench.Folder().File(HubBench.Commit, "config.json"), Token));
    }

    [Fact]
    public async Task A_link_out_of_the_repository_is_no_cached_file()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a right there.");
        await using var bench = new HubBench();
        HubContents weights = bench.AddModel().Files["model.safetensors"];
        await bench.Fetch();
        string victim = Path.Combine(bench.Home, "victim");
        await File.WriteAllBytesAsync(victim, weights.Bytes, Token);
        string entry = bench.Folder().File(HubBench.Commit, "model.safetensors");
        File.Delete(entry);
        File.CreateSymbolicLink(entry, victim);

        await bench.Fetch();

        Assert.Equal($"../../blobs/{weights.Hash}", new FileInfo(entry).LinkTarget);
    }

    [Fact]
    public async Task A_planted_link_in_the_place_of_a_lock_locks_nothing_elsewhere()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a right there.");
        await using var bench = new HubBench();
        HubContents weights = bench.AddModel().Files["model.safetensors"];
        string victim = Path.Combine(bench.Home, "victim");
        Directory.CreateDirectory(Path.GetDirectoryName(bench.Folder().Lock(weights.Hash))!);
        File.CreateSymbolicLink(bench.Folder().Lock(weights.Hash), victim);

        await bench.Fetch();

        Assert.False(File.Exists(victim));
    }

    [Fact]
    public async Task Nothing_that_is_written_or_said_holds_the_token_or_a_signature()
    {
        await using var bench = new HubBench();
        bench.AddModel().IsPrivate = true;

        await bench.Set("HF_TOKEN", HubServer.Token).Fetch();

        Assert.DoesNotContain(HubServer.Token, bench.Lines, StringComparison.Ordinal);
        foreach (string file in Directory.EnumerateFiles(bench.Home, "*", SearchOption.AllDirectories))
        {
            string text = await File.ReadAllTextAsync(file, Token);
            Assert.DoesNotContain(HubServer.Token, text, StringComparison.Ordinal);
            Assert.DoesNotContain("signedForATime", text, StringComparison.Ordinal);
        }
    }

    private static HubReply WithEntry(HubRequest request, HubReply reply, string path, string hash, string type = "file")
    {
        if (!request.Path.Contains("/tree/", StringComparison.Ordinal) || request.Target.Contains("cursor", StringComparison.Ordinal))
            return reply;
        JsonArray entries = JsonNode.Parse(reply.Body)!.AsArray();
        entries.Add(new JsonObject { ["type"] = type, ["path"] = path, ["size"] = 5, ["oid"] = hash });
        return HubReply.Json(entries.ToJsonString()).With("Link", reply.Headers.First(header => header.Name == "Link").Value);
    }
}
