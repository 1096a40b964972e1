namespace LoraMerge.Tests.Golden;

/// <summary>Cases made by hand: of names, and from public reports.</summary>
public sealed class GoldenSetTests
{
    public static TheoryData<string> Names => [.. GoldenCase.AllOf("golden-names").Select(golden => golden.Name)];

    public static TheoryData<string> Reports => [.. GoldenCase.AllOf("golden-reports").Select(golden => golden.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Case_of_names_passes(string name) => Passes("golden-names", name);

    [Theory]
    [MemberData(nameof(Reports))]
    public Task Case_of_a_report_passes(string name) => Passes("golden-reports", name);

    private static async Task Passes(string set, string name)
    {
        GoldenCase golden = GoldenCase.Open(set, name);
        using var folder = new TestFolder();

        GoldenMerge merge = await GoldenMerge.Run(golden, Path.Combine(folder.Path, "merged"));

        merge.AssertAsExpected();
        folder.Passed();
    }
}
