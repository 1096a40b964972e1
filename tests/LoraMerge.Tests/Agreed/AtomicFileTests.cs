using LoraMerge.Agreed.FileSystem;

namespace LoraMerge.Tests.Agreed;

/// <summary>What killed processes left of small files is swept at once, and nobody sweeps what is being written.</summary>
public sealed class AtomicFileTests
{
    [Fact]
    public void What_was_left_goes_with_the_next_write()
    {
        using var folder = new TestFolder();
        File.WriteAllText(PartialName.For(folder["a.state"]), "half");
        File.WriteAllText(folder["a.state.partial"], "mine");
        File.WriteAllText(folder["other.state.0123456789abcdef0123456789abcdef.partial"], "of another file");

        AtomicFile.WriteLines(folder["a.state"], ["one", "two"]);

        Assert.Equal(["one", "two"], AtomicFile.ReadLines(folder["a.state"]));
        Assert.Equal(
            ["a.state", "a.state.partial", "other.state.0123456789abcdef0123456789abcdef.partial"],
            Directory.GetFiles(folder.Path).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
        folder.Passed();
    }

    [Fact]
    public void A_file_that_is_being_written_is_left_alone()
    {
        using var folder = new TestFolder();
        string partial = PartialName.For(folder["a.state"]);
        using (new FileStream(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None))
        {
            AtomicFile.WriteLines(folder["a.state"], ["one"]);

            Assert.True(File.Exists(partial));
        }
        folder.Passed();
    }

    [Fact]
    public void Many_writers_of_one_file_do_not_meet()
    {
        using var folder = new TestFolder();

        Parallel.For(0, 200, i =>
        {
            AtomicFile.WriteLines(folder["a.state"], [$"line {i}", "end"]);
            Assert.Equal(2, AtomicFile.TryReadLines(folder["a.state"])?.Length);
        });

        Assert.Equal([folder["a.state"]], Directory.GetFiles(folder.Path));
        folder.Passed();
    }

    [Theory]
    [InlineData("a.0123456789abcdef0123456789abcdef.partial", "a")]
    [InlineData("a.entry.0123456789abcdef0123456789abcdef.partial", "a.entry")]
    [InlineData("a.0123456789abcdef0123456789abcdeF.partial", null)]
    [InlineData("a.0123456789abcdef0123456789abcde.partial", null)]
    [InlineData("a-0123456789abcdef0123456789abcdef.partial", null)]
    [InlineData(".0123456789abcdef0123456789abcdef.partial", null)]
    [InlineData("a.download.partial", null)]
    [InlineData(".partial", null)]
    public void Only_names_of_that_form_are_partial(string name, string? target) => Assert.Equal(target, PartialName.TargetOf(name));
}
