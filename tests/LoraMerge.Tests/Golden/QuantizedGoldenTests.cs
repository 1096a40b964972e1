using System.IO.Compression;

namespace LoraMerge.Tests.Golden;

/// <summary>Bases that were packed by the quantisers themselves: tests/fixtures/golden-quantised/README.md.</summary>
public sealed class QuantizedGoldenTests
{
    private static readonly string s_root = Path.Combine(Repository.Root, "tests", "fixtures", "golden-quantised");

    public static TheoryData<string> Cases => [.. Directory.EnumerateFiles(s_root, "*.zip").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Case_passes(string name)
    {
        using var folder = new TestFolder();
        ZipFile.ExtractToDirectory(Path.Combine(s_root, name + ".zip"), folder["case"]);
        GoldenCase golden = GoldenCase.At(folder["case"]);

        GoldenMerge merge = await GoldenMerge.Run(golden, folder["merged"]);

        merge.AssertAsExpected();
        folder.Passed();
    }
}
