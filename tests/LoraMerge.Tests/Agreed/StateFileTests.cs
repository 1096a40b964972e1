using LoraMerge.Agreed.Fingerprints;

namespace LoraMerge.Tests.Agreed;

public sealed class StateFileTests
{
    [Fact]
    public void What_was_saved_is_loaded()
    {
        using var folder = new TemporaryFolder();
        StateFile state = SaveState(folder, out InputRoot root);

        StateFile? loaded = StateFile.TryLoad(state.Path);

        Assert.NotNull(loaded);
        Assert.Equal((state.Key, state.Entry, state.StampedTicks), (loaded.Key, loaded.Entry, loaded.StampedTicks));
        Assert.Equal("0123abcd", loaded.KnownHash(root, root.Files[0]));
    }

    [Fact]
    public void A_file_with_another_stamp_has_to_be_read()
    {
        using var folder = new TemporaryFolder();
        StateFile state = SaveState(folder, out InputRoot root);
        File.SetLastWriteTimeUtc(root.Files[0].FullPath, DateTime.UtcNow.AddYears(-1));

        InputRoot now = InputFiles.OfBase(root.Path);

        Assert.Null(state.KnownHash(now, now.Files[0]));
    }

    [Fact]
    public void A_file_written_just_before_it_was_stamped_has_to_be_read()
    {
        using var folder = new TemporaryFolder();
        StateFile state = SaveState(folder, out InputRoot root);

        StateFile young = state with { StampedTicks = root.Files[0].Stamp.ModifiedTicks + TimeSpan.TicksPerSecond };

        Assert.Null(young.KnownHash(root, root.Files[0]));
    }

    [Fact]
    public void A_file_whose_time_no_calendar_has_has_to_be_read()
    {
        using var folder = new TemporaryFolder();
        StateFile state = SaveState(folder, out InputRoot root);
        FileStamp timeless = root.Files[0].Stamp with { ModifiedTicks = DateTime.MaxValue.Ticks };

        StateFile known = state with { Inputs = [state.Inputs[0] with { Stamp = timeless }] };

        Assert.False(timeless.HasTime);
        Assert.Null(known.KnownHash(root, root.Files[0] with { Stamp = timeless }));
    }

    [Fact]
    public void So_has_one_that_was_put_in_its_place_just_before()
    {
        using var folder = new TemporaryFolder();
        StateFile state = SaveState(folder, out InputRoot root);

        StateFile young = state with { StampedTicks = root.Files[0].ChangedTicks + TimeSpan.TicksPerSecond };

        Assert.NotEqual(0, root.Files[0].ChangedTicks);
        Assert.Null(young.KnownHash(root, root.Files[0]));
    }

    [Fact]
    public void A_file_with_the_size_and_the_time_of_another_has_to_be_read()
    {
        using var folder = new TemporaryFolder();
        StateFile state = SaveState(folder, out InputRoot root);
        string file = root.Files[0].FullPath;
        DateTime time = File.GetLastWriteTimeUtc(file);
        File.WriteAllText(file, "[]");
        File.SetLastWriteTimeUtc(file, time);

        InputRoot now = InputFiles.OfBase(root.Path);

        Assert.Equal(root.Files[0].Stamp, now.Files[0].Stamp);
        Assert.Null(state.KnownHash(now, now.Files[0]));
    }

    [Fact]
    public void A_checkout_that_moved_is_still_known_and_another_base_is_not()
    {
        using var folder = new TemporaryFolder();
        StateFile state = SaveState(folder, out InputRoot root);
        string checkout = Path.Combine(folder.Path, "checkout");
        Directory.Move(checkout, checkout + " 2");
        folder.Write("else/README of mine.md", "{}");

        InputRoot moved = InputFiles.OfBase(root.Path.Replace("checkout", "checkout 2", StringComparison.Ordinal));
        StateFile? loaded = StateFile.TryLoad(state.Path.Replace("checkout", "checkout 2", StringComparison.Ordinal));
        InputRoot other = InputFiles.OfBase(Path.Combine(folder.Path, "else"));

        Assert.Equal("0123abcd", loaded!.KnownHash(moved, moved.Files[0]));
        Assert.Null(loaded.KnownHash(other, other.Files[0] with { Stamp = moved.Files[0].Stamp }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("lora-merge state 1\nstamped 1\n")]
    [InlineData("lora-merge state 2\n")]
    [InlineData("lora-merge state 2\nstamped\n")]
    [InlineData("lora-merge state 2\nstamped 1\ninput base 1 1 1 h x\n")]
    [InlineData("lora-merge state 2\nstamped 1\nroot base ..\ninput base 1 1 -1 h x\n")]
    [InlineData("lora-merge state 2\nstamped 1\nroot base ..\ninput base 1 99999999999999999999 1 h x\n")]
    [InlineData("lora-merge state 2\nstamped 1\nwhatever\n")]
    public void Anything_odd_is_no_state(string text)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("x.state", text);

        Assert.Null(StateFile.TryLoad(path));
    }

    private static StateFile SaveState(TemporaryFolder folder, out InputRoot root)
    {
        string file = folder.Write("checkout/models/base/README of mine.md", "{}");
        root = InputFiles.OfBase(Path.GetDirectoryName(file)!);
        // As a build that looks long after the file was written.
        var state = StateFile.Create(Path.Combine(folder.Path, "checkout", "obj", "x.state"), DateTime.UtcNow.AddHours(1).Ticks, "key", "entry",
            [new HashedInput(root, root.Files[0], "0123abcd")]);
        state.Save();
        return state;
    }
}
