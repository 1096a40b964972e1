using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds.Boft;

/// <summary>PEFT up to 0.13, which read the numbers of a convolution's weight as inputs by outputs; linear layers were as they are.</summary>
public sealed class BoftOfFirstReleasesTests : KindContract
{
    private const string Undated = "\"peft_version\": null, \"boft_block_size\": 4", Dated = Undated + ", \"boft_dropout\": 0.0";

    private protected override string PeftType => "BOFT";

    private protected override KindExample OfLinear(int outputs, int inputs) => BoftTests.Of(Layer.Linear(outputs, inputs), Dated, isAcross: false, outputs, 1);

    private protected override KindExample? OfConvolution() => BoftTests.Of(Layer.Convolution(2, 2), Dated, isAcross: true, 1, 4);

    [Fact]
    public async Task Where_the_file_does_not_tell_the_later_reading_is_taken_with_a_warning()
    {
        KindExample example = BoftTests.Of(Layer.Convolution(2, 2), Undated, isAcross: false, 1, 4);
        using TinyFolder folder = new TinyFolder(example.Config, [.. example.Base]).With($"\"peft_type\": \"BOFT\", {example.Fields}", [.. example.Adapter]);

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        Matrix.AssertNear(example.Expected()[example.Weight.Name], merged[example.Weight.Name]);
        Assert.Contains(folder.Warnings, warning => warning.Code == DiagnosticCode.BoftConvolutionAssumed);
        folder.Passed();
    }
}
