using System.Text;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Locking;
using LoraMerge.Hub.Places;

namespace LoraMerge.Hub.Tests;

/// <summary>The lock file as text: written so that people can read its changes, read so that nobody's text does harm.</summary>
public sealed class LockFileTests : IDisposable
{
    private const string Commit = "1111111111111111111111111111111111111111";
    private const string Sha1 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string Sound = $$"""
        {
          "version": 1,
          "models": {
            "hf://acme/pirate@main/final": {
              "role": "adapter",
              "commit": "{{Commit}}",
              "subfolder": "final",
              "files": {
                "final/adapter_config.json": { "size": 2, "git-sha1": "{{Sha1}}" }
              }
            },
            "hf://acme/tiny": {
              "role": "base",
              "commit": "{{Commit}}",
              "files": {
                "config.json": { "size": 2, "git-sha1": "{{Sha1}}" },
                "größe.json": { "size": 9223372036854775807, "git-sha1": "{{Sha1}}" },
                "model.safetensors": { "size": 300000, "sha256": "0000000000000000000000000000000000000000000000000000000000000000" }
              }
            }
          }
        }

        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("lora lock ü ").FullName;

    private string FilePath => Path.Combine(_folder, "lora.lock.json");

    [Fact]
    public async Task What_is_written_is_sorted_ends_in_a_line_end_and_says_what_was_read()
    {
        string text = Sound.ReplaceLineEndings("\n");
        await WriteAsync(text);
        LockFile read = LockFile.Read(FilePath);
        File.Delete(FilePath);

        await LockFile.ChangeAsync(FilePath, _ => read.Models, TestContext.Current.CancellationToken);

        Assert.Equal(text, await File.ReadAllTextAsync(FilePath, TestContext.Current.CancellationToken));
        Assert.Equal(["lora.lock.json"], Directory.GetFiles(_folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_mark_of_an_editor_and_line_ends_of_Windows_do_no_harm()
    {
        await File.WriteAllTextAsync(FilePath, Sound.ReplaceLineEndings("\r\n"), new UTF8Encoding(true), TestContext.Current.CancellationToken);

        Assert.Equal(2, LockFile.Read(FilePath).Models.Count);
    }

    [Theory]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public async Task A_file_in_UTF_16_is_named_as_that(string encoding)
    {
        await File.WriteAllTextAsync(FilePath, Sound, Encoding.GetEncoding(encoding), TestContext.Current.CancellationToken);

        HubException fault = Assert.Throws<HubException>(() => LockFile.Read(FilePath));

        Assert.Equal(HubCode.LockFileUnsound, fault.Code);
        Assert.Contains("UTF-16", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_would_say_the_same_is_not_written()
    {
        await WriteAsync("  " + Sound);
        byte[] before = await File.ReadAllBytesAsync(FilePath, TestContext.Current.CancellationToken);

        await LockFile.ChangeAsync(FilePath, models => models, TestContext.Current.CancellationToken);

        Assert.Equal(before, await File.ReadAllBytesAsync(FilePath, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Many_who_write_at_once_lose_nothing()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => LockFile.ChangeAsync(
            FilePath, models => models.Add($"hf://acme/m{i}", new LockedModel(HubRole.Base, new HubPins(Commit, "", [new HubFile("config.json", i, Sha1)]))),
            CancellationToken.None))));

        Assert.Equal(40, LockFile.Read(FilePath).Models.Count);
    }

    [Theory]
    [InlineData("", "", "no lock file")]
    [InlineData("{", "[", "")]
    [InlineData("\"version\": 1", "\"version\": 0", "its version is 0, and 1 is expected")]
    [InlineData("\"version\": 1", "\"version\": \"1\"", "version")]
    [InlineData("\"version\": 1,", "", "lacks 'version'")]
    [InlineData("\"role\": \"base\"", "\"role\": \"Base\"", "'Base'")]
    [InlineData("\"role\": \"base\",", "", "lacks 'role'")]
    [InlineData("\"role\": \"base\",", "\"role\": \"base\", \"endpoint\": \"x\",", "'endpoint', which means nothing")]
    [InlineData("\"role\": \"base\",", "\"role\": \"base\", \"role\": \"base\",", "")]
    [InlineData("\"hf://acme/tiny\"", "\"hf://acme/pirate@main/final\"", "")]
    [InlineData("\"hf://acme/tiny\"", "\"acme/tiny\"", "no address")]
    [InlineData("\"hf://acme/tiny\"", "\"hf://../tiny\"", "no name that a repository can have")]
    [InlineData("\"config.json\"", "\"../config.json\"", "no file within a repository")]
    [InlineData("\"config.json\"", "\"/etc/passwd\"", "no file within a repository")]
    [InlineData("\"config.json\"", "\"a\\\\b\"", "no file within a repository")]
    [InlineData("\"config.json\"", "\"C:b\"", "no file within a repository")]
    [InlineData("\"config.json\"", "\"\"", "no file within a repository")]
    [InlineData("\"config.json\"", "\"\\ud800\"", "surrogate")]
    [InlineData("\"role\": \"base\"", "\"role\": \"\\ud800\"", "surrogate")]
    [InlineData("\"hf://acme/tiny\"", "\"\\ud800\"", "surrogate")]
    [InlineData("\"config.json\"", "\"model.safetensors/x\"", "a file and a folder")]
    [InlineData("\"config.json\"", "\"größe.json\"", "")]
    [InlineData("\"final/adapter_config.json\"", "\"adapter_config.json\"", "does not lie in 'final'")]
    [InlineData("\"subfolder\": \"final\"", "\"subfolder\": \"../final\"", "no folder within a repository")]
    [InlineData("\"size\": 300000", "\"size\": -1", "is -1")]
    [InlineData("\"size\": 300000", "\"size\": 1.5", "is 1.5")]
    [InlineData("\"size\": 300000", "\"size\": \"300000\"", "which is none")]
    [InlineData("\"size\": 300000", "\"size\": 9223372036854775808", "which is none")]
    [InlineData("\"size\": 300000", "\"size\": 1e400", "which is none")]
    [InlineData("\"sha256\": \"0", "\"sha256\": \"G", "no sound hash")]
    [InlineData("\"sha256\": \"0", "\"sha256\": \"", "no sound hash")]
    [InlineData("\"sha256\"", "\"git-sha1\"", "no sound hash")]
    [InlineData("\"sha256\"", "\"md5\"", "'md5', which means nothing")]
    [InlineData("\"commit\": \"1111", "\"commit\": \"../1", "which is none")]
    [InlineData("  \"models\": {", "<<<<<<< HEAD\n  \"models\": {", "merge conflict (line 3)")]
    [InlineData("  \"models\": {", "  \"models\": {\n=======", "merge conflict (line 4)")]
    public async Task A_damaged_or_hostile_file_is_refused_whole(string from, string to, string reason)
    {
        string text = Sound.ReplaceLineEndings("\n");
        int at = from.Length == 0 ? 0 : text.LastIndexOf(from, StringComparison.Ordinal);
        await WriteAsync(from.Length == 0 ? to : text[..at] + to + text[(at + from.Length)..]);

        HubException fault = Assert.Throws<HubException>(() => LockFile.Read(FilePath));

        Assert.Equal(HubCode.LockFileUnsound, fault.Code);
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"version\": 1,", "\"version\": 2,")]
    [InlineData("\"version\": 1,", "\"version\": 1.5, \"release\": {},")]
    [InlineData("\"models\": {", "\"repositories\": {", "\"version\": 1,", "\"version\": 2,")]
    public async Task A_file_of_a_later_release_is_left_alone_and_the_update_is_advised(params string[] changes)
    {
        string text = Sound;
        foreach (string[] change in changes.Chunk(2))
            text = text.Replace(change[0], change[1], StringComparison.Ordinal);
        await WriteAsync(text);

        HubException fault = await Assert.ThrowsAsync<HubException>(
            () => LockFile.ChangeAsync(FilePath, models => models.Clear(), TestContext.Current.CancellationToken));

        Assert.Equal(HubCode.LockFileUnsound, fault.Code);
        Assert.Contains("Update the package LoraMerge.Build", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("source control", fault.Message, StringComparison.Ordinal);
        Assert.Equal(text, await File.ReadAllTextAsync(FilePath, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Names_that_one_disk_holds_for_one_are_refused_where_it_does()
    {
        await WriteAsync(Sound.Replace("größe.json", "CONFIG.json", StringComparison.Ordinal));

        if (OperatingSystem.IsLinux())
            Assert.Equal(2, LockFile.Read(FilePath).Models.Count);
        else
            Assert.Throws<HubException>(() => LockFile.Read(FilePath));
    }

    [Fact]
    public void A_folder_in_its_place_is_named()
    {
        Directory.CreateDirectory(FilePath);

        Assert.Equal(HubCode.LockFileUnsound, Assert.Throws<HubException>(() => LockFile.Read(FilePath)).Code);
    }

    [Fact]
    public async Task An_empty_file_is_named_as_one()
    {
        await WriteAsync("");

        Assert.Contains("it is empty", Assert.Throws<HubException>(() => LockFile.Read(FilePath)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Task WriteAsync(string text) => File.WriteAllTextAsync(FilePath, text, TestContext.Current.CancellationToken);
}
