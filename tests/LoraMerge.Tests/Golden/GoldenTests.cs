namespace LoraMerge.Tests.Golden;

/// <summary>Every golden case passes, or stands on the list of what is not supported yet, which may only shrink.</summary>
public sealed class GoldenTests
{
    private static readonly HashSet<string> NotYetSupported =
        [.. File.ReadLines(Path.Combine(GoldenCase.Root, "not-yet-supported.txt")).Where(line => line.Length > 0 && line[0] != '#')];

    public static TheoryData<string> Supported => [.. GoldenCase.All.Select(golden => golden.Name).Where(name => !NotYetSupported.Contains(name))];

    public static TheoryData<string> Unsupported => [.. NotYetSupported.Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Supported))]
    public async Task Case_passes(string name)
    {
        GoldenCase golden = GoldenCase.Open(name);
        using var folder = new TestFolder();
        string output = Path.Combine(folder.Path, "merged");

        GoldenMerge merge = await GoldenMerge.Run(golden, output);

        merge.AssertAsExpected();
        folder.Passed();
    }

    [Theory]
    [MemberData(nameof(Unsupported))]
    public async Task Case_that_is_not_supported_yet_is_refused_by_name(string name)
    {
        GoldenCase golden = GoldenCase.Open(name);
        using var folder = new TestFolder();
        string output = Path.Combine(folder.Path, "merged");

        GoldenMerge merge = await GoldenMerge.Run(golden, output);

        Assert.NotNull(merge.Fault);
        Assert.False(Directory.Exists(output));
        folder.Passed();
    }
}
