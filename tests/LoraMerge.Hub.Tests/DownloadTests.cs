using System.Text;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Tests.Server;

namespace LoraMerge.Hub.Tests;

/// <summary>Section 6: what comes is checked before it counts, and what has come is kept.</summary>
public sealed class DownloadTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_an_earlier_run_left_is_resumed()
    {
        await using var bench = new HubBench();
        HubContents weights = bench.AddModel().Files["model.safetensors"];
        Directory.CreateDirectory(bench.Folder().Blobs);
        await File.WriteAllBytesAsync(Partial(bench, weights), weights.Bytes[..200_000], Token);

        FetchedRepository fetched = await bench.Fetch();

        Assert.Equal(100_000, bench.Server.Requests.Where(request => request.IsContent).Sum(request => request.BytesSent));
        Assert.Equal(weights.Bytes, await File.ReadAllBytesAsync(Path.Combine(fetched.Folder, "model.safetensors"), Token));
    }

    [Fact]
    public async Task What_is_whole_already_is_checked_and_not_asked_for()
    {
        await using var bench = new HubBench();
        HubContents weights = bench.AddModel().Files["model.safetensors"];
        Directory.CreateDirectory(bench.Folder().Blobs);
        await File.WriteAllBytesAsync(Partial(bench, weights), weights.Bytes, Token);

        await bench.Fetch();

        Assert.DoesNotContain(bench.Server.Requests, request => request.IsContent);
    }

    [Theory]
    [InlineData(200_000)] // of something else, such as an error page that an older program saved
    [InlineData(300_000)]
    [InlineData(400_000)]
    public async Task What_was_left_and_is_wrong_is_fetched_anew(int length)
    {
        await using var bench = new HubBench();
        HubContents weights = bench.AddModel().Files["model.safetensors"];
        Directory.CreateDirectory(bench.Folder().Blobs);
        await File.WriteAllBytesAsync(Partial(bench, weights), new byte[length], Token);

        FetchedRepository fetched = await bench.Fetch();

        Assert.Equal(weights.Bytes, await File.ReadAllBytesAsync(Path.Combine(fetched.Folder, "model.safetensors"), Token));
    }

    [Fact]
    public async Task A_whole_answer_to_a_range_starts_over()
    {
        await using var bench = new HubBench();
        HubContents weights = bench.AddModel().Files["model.safetensors"];
        Directory.CreateDirectory(bench.Folder().Blobs);
        await File.WriteAllBytesAsync(Partial(bench, weights), weights.Bytes[..200_000], Token);
        bench.Server.Alter = (request, reply) => request.IsContent ? new HubReply(200) { Body = weights.Bytes } : reply;

        FetchedRepository fetched = await bench.Fetch();

        Assert.Equal(weights.Bytes, await File.ReadAllBytesAsync(Path.Combine(fetched.Folder, "model.safetensors"), Token));
    }

    [Theory]
    [InlineData("bytes 0-299999/300000", 206)]
    [InlineData("bytes 100000-299999/300000", 206)]
    [InlineData(null, 206)]
    [InlineData("bytes */300000", 416)]
    public async Task Another_range_than_was_asked_for_drops_what_was_left(string? range, int status)
    {
        await using var bench = new HubBench();
        HubContents weights = bench.AddModel().Files["model.safetensors"];
        Directory.CreateDirectory(bench.Folder().Blobs);
        await File.WriteAllBytesAsync(Partial(bench, weights), weights.Bytes[..200_000], Token);
        bench.Server.Alter = (request, reply) => request.Range is null ? reply
            : range is null ? reply.Without("Content-Range") with { Status = status }
            : reply.Without("Content-Range").With("Content-Range", range) with { Status = status };

        FetchedRepository fetched = await bench.Fetch();

        Assert.Equal(weights.Bytes, await File.ReadAllBytesAsync(Path.Combine(fetched.Folder, "model.safetensors"), Token));
        Assert.Null(bench.Server.Requests.Last(request => request.IsContent).Range);
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    public async Task A_flipped_byte_is_no_file(string name)
    {
        await using var bench = new HubBench();
        HubContents contents = bench.AddModel().Files[name];
        bench.Server.Alter = (request, reply) => reply.Body.SequenceEqual(contents.Bytes) ? reply with { Body = Flipped(reply.Body) } : reply;

        HubException fault = await bench.Fault();

        Assert.Equal(HubCode.ContentDiffers, fault.Code);
        Assert.Contains(name, fault.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(bench.Folder().File(HubBench.Commit, name)));
        Assert.False(File.Exists(Partial(bench, contents)));
    }

    [Theory]
    [InlineData(299_999)]
    [InlineData(300_001)]
    [InlineData(0)]
    public async Task A_file_of_another_length_is_no_file(int length)
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => request.IsContent ? reply with { Body = [.. reply.Body.Concat(new byte[1]).Take(length)] } : reply;

        Assert.Equal(HubCode.ContentDiffers, (await bench.Fault()).Code);
        Assert.DoesNotContain(bench.Entries(), entry => entry.EndsWith("model.safetensors", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_length_that_is_said_and_is_another_is_believed_no_more_than_the_bytes()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => request.IsContent ? reply with { SaidLength = 300_001 } : reply;

        Assert.Equal(HubCode.ContentDiffers, (await bench.Fault()).Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_breaks_behind_the_last_byte_costs_nothing(bool isChunked)
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) =>
            request.IsContent ? reply with { IsChunked = isChunked, CutAfter = isChunked ? 300_000 : null, SilentAfter = isChunked ? null : 300_000 } : reply;

        await bench.Fetch();

        Assert.Single(bench.Server.Requests, request => request.IsContent);
        Assert.Empty(bench.Waits);
    }

    [Fact]
    public void A_disk_that_became_full_is_known_by_its_fault()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "It needs /dev/full.");
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write);

        IOException fault = Assert.Throws<IOException>(() => RandomAccess.Write(full.SafeFileHandle, new byte[10], 0));

        Assert.True(FileDownload.IsFull(fault));
    }

    [Fact]
    public async Task A_body_without_end_is_cut_at_the_length_of_the_file()
    {
        await using var bench = new HubBench();
        bench.AddModel(weights: 1000);
        bench.Server.Alter = (request, reply) => request.IsContent ? reply with { Body = new byte[50_000_000], SaidLength = -1 } : reply;

        Assert.Equal(HubCode.ContentDiffers, (await bench.Fault()).Code);
    }

    [Fact]
    public async Task A_pointer_of_git_lfs_has_its_own_word()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        byte[] pointer = Encoding.ASCII.GetBytes($"version https://git-lfs.github.com/spec/v1\noid sha256:{new string('0', 64)}\nsize 300000\n");
        bench.Server.Alter = (request, reply) => request.IsContent ? reply with { Body = pointer } : reply;

        HubException fault = await bench.Fault();

        Assert.Equal(HubCode.ContentDiffers, fault.Code);
        Assert.Contains("pointer of git-lfs", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_is_cut_is_asked_for_the_rest()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        int count = 0;
        bench.Server.Alter = (request, reply) => request.IsContent && count++ == 0 ? reply with { CutAfter = 123_456 } : reply;

        await bench.Fetch();

        Assert.Equal("bytes=123456-", bench.Server.Requests.Last(request => request.IsContent).Range);
        Assert.Equal(300_000, bench.Server.Requests.Where(request => request.IsContent).Sum(request => request.BytesSent));
    }

    [Fact]
    public async Task A_body_without_a_length_is_taken_where_it_is_right()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => HubServer.IsFile(request) ? reply with { SaidLength = -1 } : reply;

        await bench.Fetch();
    }

    [Fact]
    public async Task A_body_that_trickles_is_waited_for()
    {
        await using var bench = new HubBench();
        bench.AddModel(weights: 1000);
        bench.Server.Alter = (request, reply) => request.IsContent ? reply with { Trickle = 50 } : reply;

        await bench.Set("HF_HUB_DOWNLOAD_TIMEOUT", "0.3").Fetch();

        Assert.Empty(bench.Waits);
    }

    [Fact]
    public async Task Equal_contents_are_fetched_once()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        repository.Add("tokenizer.model", repository.Files["model.safetensors"].Bytes, isLarge: true);

        FetchedRepository fetched = await bench.Fetch();

        Assert.Single(bench.Server.Requests, request => request.IsContent);
        Assert.True(File.Exists(Path.Combine(fetched.Folder, "tokenizer.model")));
    }

    [Fact]
    public async Task Several_files_are_fetched_at_once_and_no_more_than_eight()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        for (int i = 0; i < 20; i++)
            repository.Small($"vocab.{i}", $"vocabulary {i}");
        int now = 0, most = 0;
        object door = new();
        bench.Server.Alter = (request, reply) =>
        {
            if (!HubServer.IsFile(request))
                return reply;
            lock (door)
                most = Math.Max(most, ++now);
            Thread.Sleep(30);
            lock (door)
                now--;
            return reply;
        };

        await bench.Fetch();

        Assert.InRange(most, 2, 8);
    }

    [Fact]
    public async Task Files_and_bytes_and_room_are_said_before_and_each_file_after()
    {
        await using var bench = new HubBench();
        bench.AddModel();

        await bench.Fetch();

        string[] lines = bench.Lines.Split('\n');
        Assert.Matches(@"^hf://acme/tiny is commit 1{12}: 4 files, 300\.0 kB; to be fetched: 4 files, 300\.0 kB \(.+ free in .+\)$", lines[0]);
        Assert.Equal(5, lines.Length);
        Assert.Contains("  model.safetensors: 300.0 kB", lines);
    }

    [Fact]
    public async Task What_does_not_fit_on_the_disk_is_refused_before_the_first_byte()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        long count = (new DriveInfo(bench.Home).AvailableFreeSpace / 49_000_000_000) + 1;
        string entries = string.Join(',', Enumerable.Range(0, (int)count + 1).Select(i =>
            $$"""{"type":"file","path":"{{(i == 0 ? "model.safetensors" : $"vocab.{i}")}}","size":49000000000,"oid":"{{i:x40}}"}"""));
        bench.Server.Alter = (request, reply) => request.Path.Contains("/tree/", StringComparison.Ordinal) ? HubReply.Json($"[{entries}]") : reply;

        Assert.Equal(HubCode.CacheTooSmall, (await bench.Fault()).Code);
        Assert.Equal(0, bench.Server.FileRequests);
    }

    [Fact]
    public async Task A_file_over_50_GB_is_refused_by_name()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => request.Path.Contains("/tree/", StringComparison.Ordinal)
            ? HubReply.Json(Encoding.UTF8.GetString(reply.Body).Replace("300000", "50000000001", StringComparison.Ordinal)) with { Headers = reply.Headers }
            : reply;

        HubException fault = await bench.Fault();

        Assert.Equal(HubCode.FileTooLarge, fault.Code);
        Assert.Contains("model.safetensors", fault.Message, StringComparison.Ordinal);
        Assert.Equal(0, bench.Server.FileRequests);
    }

    [Fact]
    public async Task A_planted_link_in_the_place_of_the_partial_file_is_not_written_through()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a right there.");
        await using var bench = new HubBench();
        HubContents weights = bench.AddModel().Files["model.safetensors"];
        string victim = Path.Combine(bench.Home, "victim");
        await File.WriteAllTextAsync(victim, "mine", Token);
        Directory.CreateDirectory(bench.Folder().Blobs);
        File.CreateSymbolicLink(Partial(bench, weights), victim);

        await bench.Fetch();

        Assert.Equal("mine", await File.ReadAllTextAsync(victim, Token));
    }

    [Fact]
    public async Task Two_fetchers_at_once_download_once()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        bench.Server.Alter = (request, reply) => request.IsContent ? reply with { Trickle = 100_000 } : reply;

        await Task.WhenAll(bench.Fetch(), bench.Fetch(), bench.Fetch());

        Assert.Equal(4, bench.Server.FileRequests);
    }

    private static string Partial(HubBench bench, HubContents contents) => bench.Folder().Blob(contents.Hash) + ".lora-merge.partial";

    private static byte[] Flipped(byte[] bytes)
    {
        byte[] flipped = [.. bytes];
        flipped[bytes.Length / 2] ^= 1;
        return flipped;
    }
}
