using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.Fingerprints;

namespace LoraMerge.Tests.Agreed;

public sealed class StoreEntryTests
{
    private const string Key = "00112233445566778899aabbccddeeff";

    private static readonly string s_name = EntryPlace.For("", "base", Key).Name;

    [Fact]
    public void A_whole_entry_is_found_under_its_models_name_and_its_key()
    {
        using var folder = new TemporaryFolder();
        StoreEntry entry = SaveEntry(folder);

        Assert.Equal("base-0011223344556677", s_name);
        Assert.Equal([PlaceIn(folder)], EntryPlace.AllOf("base", folder.Path));
        Assert.Empty(EntryPlace.AllOf("bas", folder.Path));
        Assert.Equal(entry.Files, StoreEntry.TryLoad(PlaceIn(folder), Key)!.Files);
        Assert.Null(StoreEntry.TryLoad(PlaceIn(folder), Key.Replace('f', 'e')));
    }

    [Fact]
    public void An_entry_without_its_list_does_not_exist()
    {
        using var folder = new TemporaryFolder();
        SaveEntry(folder);
        File.Delete(PlaceIn(folder).MarkFile);

        Assert.Null(StoreEntry.TryLoad(PlaceIn(folder), Key));
    }

    [Fact]
    public void A_file_with_another_time_and_the_same_bytes_is_whole()
    {
        using var folder = new TemporaryFolder();
        StoreEntry entry = SaveEntry(folder);
        File.SetLastWriteTimeUtc(WeightsOf(folder), DateTime.UtcNow.AddYears(-1));

        StoreEntry? refreshed = entry.Check(PlaceIn(folder), TestContext.Current.CancellationToken);

        Assert.NotNull(refreshed);
        Assert.NotSame(entry, refreshed);
        Assert.Same(refreshed, refreshed.Check(PlaceIn(folder), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("weight!")]
    [InlineData("more weights")]
    public void A_file_with_other_bytes_makes_the_entry_stale(string contents)
    {
        using var folder = new TemporaryFolder();
        StoreEntry entry = SaveEntry(folder);
        File.WriteAllText(WeightsOf(folder), contents);

        Assert.Null(entry.Check(PlaceIn(folder), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_missing_file_makes_the_entry_stale()
    {
        using var folder = new TemporaryFolder();
        StoreEntry entry = SaveEntry(folder);
        File.Delete(WeightsOf(folder));

        Assert.Null(entry.Check(PlaceIn(folder), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("../../secret.txt")]
    [InlineData("/etc/passwd")]
    [InlineData("sub/../../secret.txt")]
    [InlineData("./model.safetensors")]
    [InlineData("sub//secret.txt")]
    [InlineData("..")]
    public void A_list_that_leads_out_of_the_entry_is_no_entry(string path)
    {
        using var folder = new TemporaryFolder();
        StoreEntry entry = SaveEntry(folder);
        StoredFile weights = entry.Files[0];
        (entry with { Files = [weights, weights with { RelativePath = path }] }).Save(PlaceIn(folder));

        Assert.Null(StoreEntry.TryLoad(PlaceIn(folder), Key));
        (entry with { Files = [weights, weights with { RelativePath = "sub/..name" }] }).Save(PlaceIn(folder));
        Assert.NotNull(StoreEntry.TryLoad(PlaceIn(folder), Key));
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("")]
    public void A_link_in_the_place_of_a_file_or_of_the_folder_makes_the_entry_stale(string linked)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege there.");
        using var folder = new TemporaryFolder();
        StoreEntry entry = SaveEntry(folder);
        string path = Path.Combine(PlaceIn(folder).Folder, linked).TrimEnd('/');
        string elsewhere = Path.Combine(folder.Path, "elsewhere");
        Directory.Move(path, elsewhere);
        File.CreateSymbolicLink(path, elsewhere);

        Assert.Null(entry.Check(PlaceIn(folder), TestContext.Current.CancellationToken));
        Assert.Null(entry.Check(new EntryPlace(folder.Path + "/", s_name), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void An_entry_is_unused_when_no_living_state_names_it()
    {
        using var folder = new TemporaryFolder();
        SaveEntry(folder);
        string state = folder.Write("debug.state");
        new StoreUsers(folder.Path).Open();
        new StoreUsers(folder.Path).Record(state, s_name);

        Assert.Empty(new StoreUsers(folder.Path).FindUnused());
        new StoreUsers(folder.Path).Record(state, "base-ffffffffffffffff");
        Assert.Equal([PlaceIn(folder)], new StoreUsers(folder.Path).FindUnused());
        new StoreUsers(folder.Path).Record(state, s_name);
        File.Delete(state);
        Assert.Equal([PlaceIn(folder)], new StoreUsers(folder.Path).FindUnused());
    }

    [Fact]
    public void A_store_without_users_keeps_everything()
    {
        using var folder = new TemporaryFolder();
        SaveEntry(folder);
        new StoreUsers(folder.Path).Record(folder.Write("debug.state"), "base-ffffffffffffffff");

        Assert.Empty(new StoreUsers(folder.Path).FindUnused());
    }

    private static EntryPlace PlaceIn(TemporaryFolder folder) => new(folder.Path, s_name);

    private static StoreEntry SaveEntry(TemporaryFolder folder)
    {
        string path = folder.Write($"{s_name}/model.safetensors", "weights");
        string hash = ContentHash.OfFile(path, TestContext.Current.CancellationToken);
        var entry = new StoreEntry(Key, DateTime.UtcNow.Ticks, [new StoredFile("model.safetensors", FileStamp.Of(path), hash)]);
        entry.Save(PlaceIn(folder));
        return entry;
    }

    private static string WeightsOf(TemporaryFolder folder) => Path.Combine(PlaceIn(folder).Folder, "model.safetensors");
}
