
using LoraMerge.Tests.Quantized;

namespace LoraMerge.Tests.Golden;

/// <summary>Bases that were packed by the quantisers themselves: tests/fixtures/golden-quantised/README.md.</summary>
public sealed class QuantizedGoldenTests
{
    public static TheoryData<string> Cases => [.. PackedBase.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Case_passes(string name)
    {
        using var folder = new TestFolder();
        PackedBase.Unpack(name, folder["case"]);
        GoldenCase golden = GoldenCase.At(folder["case"]);

        GoldenMerge merge = await GoldenMerge.Run(golden, folder["merged"]);

        merge.AssertAsExpected();
        Assert.DoesNotContain(TensorTable.Headers(folder["merged"]).Keys, golden.MissingAfterMerge.Contains);
        Assert.DoesNotContain(Directory.EnumerateFiles(folder["merged"]), file => ModelParts.IsOfQuantiser(Path.GetFileName(file)));
        folder.Passed();
    }
}
