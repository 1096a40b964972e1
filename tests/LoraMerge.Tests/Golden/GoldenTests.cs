namespace LoraMerge.Tests.Golden;

/// <summary>Every golden case passes.</summary>
public sealed class GoldenTests
{
    public static TheoryData<string> Cases => [.. GoldenCase.All.Select(golden => golden.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Case_passes(string name)
    {
        GoldenCase golden = GoldenCase.Open(name);
        using var folder = new TestFolder();
        string output = Path.Combine(folder.Path, "merged");

        GoldenMerge merge = await GoldenMerge.Run(golden, output);

        merge.AssertAsExpected();
        folder.Passed();
    }
}
