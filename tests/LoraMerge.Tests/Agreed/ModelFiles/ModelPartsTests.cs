namespace LoraMerge.Tests.Agreed.ModelFiles;

/// <summary>docs/files.md shows the table of files, row by row.</summary>
public sealed class ModelPartsTests
{
    private static readonly string[] Page = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "files.md"));

    [Fact]
    public void The_page_has_every_row_and_no_other()
    {
        IEnumerable<string> rows = Page.SkipWhile(line => !line.StartsWith("| what |", StringComparison.Ordinal)).Skip(2)
            .TakeWhile(line => line.StartsWith('|'));

        Assert.Equal(ModelParts.All.Select(Row), rows);
    }

    private static string Row(ModelPart part)
    {
        string names = string.Join(", ", part.Names.Select(name => $"`{name}`"));
        return $"| {part.What} | {names} | {(part.Folder.Length > 0 ? $"`{part.Folder}/`" : "")} | {(part.IsOfAdaptersToo ? "yes" : "")} |";
    }
}
