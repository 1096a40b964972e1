using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Places;
using LoraMerge.Hub.Tests.Server;

namespace LoraMerge.Hub.Tests;

/// <summary>Section 7: the cache, as huggingface_hub lays it.</summary>
public sealed class CacheTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_laid_to_the_byte_as_huggingface_hub_lays_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a right there.");
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel("Acme/Tiny.1");
        repository.Small("additional_chat_templates/tool.jinja", "{{ x }}");

        await bench.Fetch("hf://Acme/Tiny.1");

        string[] expected =
        [
            .. repository.Files.Values.Select(file => "blobs/" + file.Hash), "refs/main",
            .. repository.Files.Keys.Select(name => $"snapshots/{HubBench.Commit}/{name}"),
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal),
            bench.Entries("Acme/Tiny.1").Where(entry => !entry.StartsWith("lora-merge/", StringComparison.Ordinal)));
        HubFolder folder = bench.Folder("Acme/Tiny.1");
        Assert.Equal(HubBench.Commit, await File.ReadAllTextAsync(folder.Ref("main"), Token));
        Assert.Equal($"../../blobs/{repository.Files["config.json"].Hash}", new FileInfo(folder.File(HubBench.Commit, "config.json")).LinkTarget);
        Assert.Equal($"../../../blobs/{repository.Files["additional_chat_templates/tool.jinja"].Hash}",
            new FileInfo(folder.File(HubBench.Commit, "additional_chat_templates/tool.jinja")).LinkTarget);
        Assert.All(repository.Files.Values, file => Assert.Equal(0, new FileInfo(folder.Lock(file.Hash)).Length));
    }

    [Fact]
    public async Task Without_links_the_files_themselves_lie_in_the_snapshot()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        repository.Add("tokenizer.model", repository.Files["model.safetensors"].Bytes, isLarge: true);

        FetchedRepository fetched = await bench.Set("HF_HUB_DISABLE_SYMLINKS", "1").Fetch();

        Assert.Empty(Directory.GetFiles(bench.Folder().Blobs));
        Assert.All(fetched.Names, name => Assert.Null(new FileInfo(Path.Combine(fetched.Folder, name)).LinkTarget));
        bench.Server.Forget();
        await bench.Fetch();
        Assert.Equal(0, bench.Server.FileRequests);
    }

    [Fact]
    public async Task Without_links_contents_that_are_there_are_copied()
    {
        await using var bench = new HubBench();
        HubContents weights = bench.AddModel().Files["model.safetensors"];
        Directory.CreateDirectory(bench.Folder().Blobs);
        await File.WriteAllBytesAsync(bench.Folder().Blob(weights.Hash), weights.Bytes, Token);

        await bench.Set("HF_HUB_DISABLE_SYMLINKS", "1").Fetch();

        Assert.True(File.Exists(bench.Folder().Blob(weights.Hash)));
        Assert.DoesNotContain(bench.Server.Requests, request => request.IsContent);
    }

    [Fact]
    public async Task Contents_that_are_there_under_their_hash_only_get_their_name()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        FetchedRepository fetched = await bench.Fetch();
        Directory.Delete(fetched.Folder, recursive: true);
        bench.Server.Forget();

        await bench.Fetch();

        Assert.Equal(0, bench.Server.FileRequests);
        Assert.True(File.Exists(Path.Combine(fetched.Folder, "model.safetensors")));
    }

    [Fact]
    public async Task A_relative_cache_has_links_that_lead_somewhere()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        string relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), Path.Combine(bench.Home, "rel cache"));

        FetchedRepository fetched = await bench.Set("HF_HUB_CACHE", relative).Fetch();

        Assert.True(Path.IsPathRooted(fetched.Folder));
        Assert.Equal("{}", await File.ReadAllTextAsync(Path.Combine(fetched.Folder, "config.json"), Token));
    }

    [Fact]
    public async Task A_snapshot_that_others_filled_in_part_is_completed()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        AsPython(bench, repository, "config.json");

        await bench.Fetch();

        Assert.Equal(3, bench.Server.FileRequests);
    }

    [Fact]
    public async Task A_snapshot_may_hold_more_than_is_needed_and_that_does_not_count()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        repository.Small("pytorch_model.bin", "pickle").Small("model.gguf", "gguf");
        AsPython(bench, repository, [.. repository.Files.Keys]);

        FetchedRepository fetched = await bench.Fetch();

        Assert.Equal(["README.md", "config.json", "model.safetensors", "tokenizer.json"], fetched.Names);
        Assert.Equal(0, bench.Server.FileRequests);
    }

    [Fact]
    public async Task A_flipped_byte_in_the_cache_is_found_once_and_fetched_anew()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        AsPython(bench, repository, [.. repository.Files.Keys]);
        HubContents weights = repository.Files["model.safetensors"];
        byte[] bytes = [.. weights.Bytes];
        bytes[7] ^= 1;
        await File.WriteAllBytesAsync(bench.Folder().Blob(weights.Hash), bytes, Token);

        FetchedRepository fetched = await bench.Fetch();

        Assert.Equal(1, bench.Server.FileRequests);
        Assert.Equal(weights.Bytes, await File.ReadAllBytesAsync(Path.Combine(fetched.Folder, "model.safetensors"), Token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Contents_that_repositories_share_are_taken_where_they_lie(bool isOffline)
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        AsPython(bench, repository, [.. repository.Files.Keys]);
        Share(bench, repository.Files["model.safetensors"]);

        FetchedRepository fetched = await bench.Set("HF_HUB_OFFLINE", isOffline ? "1" : null).Fetch();

        Assert.Equal(4, fetched.Files.Count);
        Assert.Equal(0, bench.Server.FileRequests);
        Assert.Contains(fetched.Files, file => file.Hash == repository.Files["model.safetensors"].Hash);
    }

    [Fact]
    public async Task The_name_of_shared_contents_is_not_taken_for_their_hash_where_a_link_leads_straight_there()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        AsPython(bench, repository, [.. repository.Files.Keys]);
        string shared = Share(bench, repository.Files["model.safetensors"]);
        string link = Path.Combine(bench.Folder().Snapshot(HubRepository.FirstCommit), "model.safetensors");
        File.Delete(link);
        File.CreateSymbolicLink(link, shared);

        FetchedRepository fetched = await bench.Set("HF_HUB_OFFLINE", "1").Fetch();

        Assert.Equal(4, fetched.Files.Count);
        Assert.DoesNotContain(fetched.Files, file => file.Hash == Path.GetFileName(shared));
    }

    [Fact]
    public async Task Shared_contents_with_a_flipped_byte_are_fetched_anew_and_left_to_the_others()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        HubContents weights = repository.Files["model.safetensors"];
        AsPython(bench, repository, [.. repository.Files.Keys]);
        string shared = Share(bench, weights);
        byte[] bytes = [.. weights.Bytes];
        bytes[7] ^= 1;
        await File.WriteAllBytesAsync(shared, bytes, Token);

        FetchedRepository fetched = await bench.Fetch();

        Assert.Equal(1, bench.Server.FileRequests);
        Assert.Equal(weights.Bytes, await File.ReadAllBytesAsync(Path.Combine(fetched.Folder, "model.safetensors"), Token));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(shared, Token));
    }

    [Fact]
    public async Task What_was_held_to_its_hash_is_not_read_again()
    {
        await using var bench = new HubBench();
        HubContents weights = bench.AddModel().Files["model.safetensors"];
        await bench.Fetch();
        string blob = bench.Folder().Blob(weights.Hash);
        string known = await File.ReadAllTextAsync(Path.Combine(bench.Folder().Path, "lora-merge", "known"), Token);

        Assert.Contains(weights.Hash, known, StringComparison.Ordinal);

        // A byte that is flipped with all times as they were would be found only by reading: the time of change gives it away.
        DateTime time = File.GetLastWriteTimeUtc(blob);
        byte[] bytes = [.. weights.Bytes];
        bytes[7] ^= 1;
        await File.WriteAllBytesAsync(blob, bytes, Token);
        File.SetLastWriteTimeUtc(blob, time);
        bench.Server.Forget();
        await bench.Fetch();
        Assert.Equal(OperatingSystem.IsLinux() ? 1 : 0, bench.Server.FileRequests);
    }

    [Fact]
    public async Task The_list_of_a_commit_is_asked_for_once()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        await bench.Fetch();
        await bench.Fetch();

        Assert.Equal(2, bench.Server.ListRequests); // its two pages
    }

    [Fact]
    public async Task The_list_that_newer_releases_of_huggingface_hub_keep_is_read()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        string[] files = [.. repository.Files.Select(file => file.Value.IsLarge
            ? $$"""
              "{{file.Key}}": {"size": 134, "blob_id": "{{new string('e', 40)}}",
                "lfs_sha256": "{{file.Value.Sha256}}", "lfs_size": {{file.Value.Bytes.Length}}}
              """
            : $$"""
              "{{file.Key}}": {"size": {{file.Value.Bytes.Length}}, "blob_id": "{{file.Value.GitHash}}"}
              """)];
        Directory.CreateDirectory(Path.Combine(bench.Folder().Path, "trees"));
        await File.WriteAllTextAsync(
            Path.Combine(bench.Folder().Path, "trees", HubBench.Commit + ".json"),
            $$"""{"format_version": 1, "files": { {{string.Join(',', files)}} } }""", Token);

        await bench.Fetch();

        Assert.Equal(0, bench.Server.ListRequests);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"format_version": 2, "files": {}}""")]
    [InlineData("""{"format_version": 1, "files": {"../x": {"size": 1, "blob_id": "1111111111111111111111111111111111111111"}}}""")]
    [InlineData("""{"format_version": 1, "files": {"x": {"size": 1, "blob_id": "../../x"}}}""")]
    public async Task A_kept_list_that_is_unsound_is_asked_for_anew(string text)
    {
        await using var bench = new HubBench();
        bench.AddModel();
        Directory.CreateDirectory(Path.Combine(bench.Folder().Path, "lora-merge"));
        await File.WriteAllTextAsync(Path.Combine(bench.Folder().Path, "lora-merge", HubBench.Commit + ".json"), text, Token);

        await bench.Fetch();

        Assert.Equal(2, bench.Server.ListRequests);
    }

    [Fact]
    public async Task A_reference_is_written_last_so_that_offline_its_files_are_there()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        await bench.Fetch();
        repository.Commit("2222222222222222222222222222222222222222", "main", ("model.safetensors", new HubContents(new byte[1000], true)));
        bench.Server.Alter = (request, reply) => request.IsContent ? HubReply.Error(500, null, "") : reply;

        await bench.Fault();
        FetchedRepository offline = await bench.Set("HF_HUB_OFFLINE", "1").Fetch();

        Assert.Equal(HubBench.Commit, offline.Commit);
    }

    [Theory]
    [InlineData("not a commit")]
    [InlineData("../../../../../../etc")]
    [InlineData("")]
    public async Task A_reference_that_is_no_commit_is_none(string text)
    {
        await using var bench = new HubBench();
        bench.AddModel();
        await bench.Fetch();
        await File.WriteAllTextAsync(bench.Folder().Ref("main"), text, Token);

        Assert.Equal(HubCode.Offline, (await bench.Set("HF_HUB_OFFLINE", "1").Fault()).Code);
    }

    [Fact]
    public async Task Offline_not_one_request_is_made()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        await bench.Fetch();
        bench.Server.Forget();

        FetchedRepository fetched = await bench.Set("HF_HUB_OFFLINE", "1").Fetch();

        Assert.Equal(4, fetched.Files.Count);
        Assert.Empty(bench.Server.Requests);
        Assert.Empty(bench.Warnings);
    }

    [Fact]
    public async Task Offline_what_is_missing_is_named()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        await bench.Fetch();
        File.Delete(bench.Folder().Blob(repository.Files["tokenizer.json"].Hash));

        HubException fault = await bench.Set("HF_HUB_OFFLINE", "1").Fault();

        Assert.Equal(HubCode.Offline, fault.Code);
        Assert.Contains("'tokenizer.json'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("HF_HUB_OFFLINE", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Offline_what_was_never_fetched_is_said()
    {
        await using var bench = new HubBench();
        bench.AddModel();

        Assert.Equal(HubCode.Offline, (await bench.Set("TRANSFORMERS_OFFLINE", "1").Fault()).Code);
        Assert.Empty(bench.Server.Requests);
    }

    [Fact]
    public async Task Offline_a_cache_that_python_filled_without_a_list_serves_with_a_warning()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        AsPython(bench, repository, [.. repository.Files.Keys]);

        FetchedRepository fetched = await bench.Set("HF_HUB_OFFLINE", "1").Fetch();

        Assert.Equal(4, fetched.Files.Count);
        Assert.Equal([HubCode.ListUnknown], bench.Warnings);
    }

    [Fact]
    public async Task Offline_a_cache_with_the_configuration_alone_lacks_the_weights()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        AsPython(bench, repository, "config.json");

        Assert.Equal(HubCode.Offline, (await bench.Set("HF_HUB_OFFLINE", "1").Fault()).Code);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(0)]
    public async Task A_hub_that_does_not_answer_leaves_the_cached_commit_with_a_warning_at_once(int status)
    {
        await using var bench = new HubBench();
        bench.AddModel();
        await bench.Fetch();
        bench.Server.Alter = (_, reply) => status == 0 ? reply with { IsReset = true } : HubReply.Error(status, null, "");

        FetchedRepository fetched = await bench.Fetch();

        Assert.Equal(HubBench.Commit, fetched.Commit);
        Assert.Equal([HubCode.UsingCached], bench.Warnings);
        Assert.Empty(bench.Waits);
    }

    [Fact]
    public async Task A_hub_that_does_not_answer_leaves_no_half_of_a_commit()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        await bench.Fetch();
        File.Delete(bench.Folder().Blob(repository.Files["model.safetensors"].Hash));
        bench.Server.Alter = (_, _) => HubReply.Error(503, null, "");

        Assert.Equal(HubCode.HubInTrouble, (await bench.Fault()).Code);
    }

    [Fact]
    public async Task A_hub_that_stumbles_is_asked_again_where_the_cache_has_a_part_only()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        AsPython(bench, repository, "config.json");
        int count = 0;
        bench.Server.Alter = (_, reply) => count++ < 2 ? HubReply.Error(503, null, "") : reply;

        FetchedRepository fetched = await bench.Fetch();

        Assert.Equal(4, fetched.Files.Count);
        Assert.Equal([1], bench.Waits);
    }

    [Fact]
    public async Task A_repository_that_is_gone_is_not_taken_from_the_cache_unsaid()
    {
        await using var bench = new HubBench();
        bench.AddModel();
        await bench.Fetch();
        bench.Server.Repositories.Clear();

        Assert.Equal(HubCode.RepositoryNotFound, (await bench.Fault()).Code);
    }

    [Fact]
    public async Task A_moved_branch_brings_what_is_new_and_keeps_what_is_there()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        await bench.Fetch();
        repository.Commit("2222222222222222222222222222222222222222", "main", ("config.json", new HubContents("{ \"new\": 1 }"u8.ToArray(), false)));
        bench.Server.Forget();

        FetchedRepository fetched = await bench.Fetch();

        Assert.Equal("2222222222222222222222222222222222222222", fetched.Commit);
        Assert.Equal(1, bench.Server.FileRequests);
    }

    [Fact]
    public async Task Links_that_lead_round_are_not_followed_and_one_in_the_place_of_a_file_is_replaced()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel();
        AsPython(bench, repository, "config.json", "tokenizer.json");
        string snapshot = bench.Folder().Snapshot(HubBench.Commit);
        foreach (string name in (string[])["one", "two"])
            Directory.CreateSymbolicLink(Path.Combine(snapshot, name), "."); // all ways through both are 2 to the 40
        File.CreateSymbolicLink(Path.Combine(snapshot, "model.safetensors"), "model.safetensors");

        bench.Set("HF_HUB_OFFLINE", "1");
        Assert.Equal(HubCode.Offline, (await bench.Fault()).Code);
        bench.Set("HF_HUB_OFFLINE", null);
        FetchedRepository fetched = await bench.Fetch();

        Assert.Equal(repository.Files["model.safetensors"].Bytes, await File.ReadAllBytesAsync(Path.Combine(snapshot, "model.safetensors"), Token));
        Assert.Equal(HubBench.Commit, fetched.Commit);
    }

    [Fact]
    public async Task A_folder_of_a_commit_that_cannot_be_read_is_said()
    {
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess)
        {
            Assert.Skip("whoever may read everything is refused nothing");
            return;
        }
        await using var bench = new HubBench();
        AsPython(bench, bench.AddModel(), "config.json");
        string snapshot = bench.Folder().Snapshot(HubBench.Commit);
        File.SetUnixFileMode(snapshot, UnixFileMode.None);

        HubException fault = await bench.Fault();

        File.SetUnixFileMode(snapshot, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Equal(HubCode.CacheNotReadable, fault.Code);
    }

    /// <summary>As huggingface_hub lays large files since its release 1.32: once for all repositories, by a hash that is not that of the contents.</summary>
    private static string Share(HubBench bench, HubContents file)
    {
        string shared = Path.Combine(bench.Cache, "blobs", "ab", "ab" + file.Sha256[2..]), blob = bench.Folder().Blob(file.Hash);
        Directory.CreateDirectory(Path.GetDirectoryName(shared)!);
        File.Move(blob, shared);
        File.CreateSymbolicLink(blob, $"../../blobs/ab/{Path.GetFileName(shared)}");
        return shared;
    }

    /// <summary>What huggingface_hub leaves of files that it fetched; it keeps no list.</summary>
    internal static void AsPython(HubBench bench, HubRepository repository, params string[] names)
    {
        HubFolder folder = bench.Folder(repository.Id);
        Directory.CreateDirectory(folder.Blobs);
        Directory.CreateDirectory(folder.Snapshot(HubBench.Commit));
        Directory.CreateDirectory(Path.GetDirectoryName(folder.Ref("main"))!);
        File.WriteAllText(folder.Ref("main"), HubBench.Commit);
        foreach (string name in names)
        {
            HubContents file = repository.Files[name];
            File.WriteAllBytes(folder.Blob(file.Hash), file.Bytes);
            File.CreateSymbolicLink(folder.File(HubBench.Commit, name), $"../../blobs/{file.Hash}");
        }
    }
}
