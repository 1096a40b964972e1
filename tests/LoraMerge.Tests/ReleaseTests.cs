using LoraMerge.Cli;
using LoraMerge.Diagnostics;
using LoraMerge.Requests;
using LoraMerge.Tests.Golden;

namespace LoraMerge.Tests;

/// <summary>What a file cannot tell is a warning, and AdapterVersion chooses.</summary>
public sealed class ReleaseTests
{
    [Theory]
    [InlineData("old-0.9-lora-only-lost", DiagnosticCode.TrainedBiasesLost)]
    [InlineData("old-0.17-gemma3-embedding", DiagnosticCode.EmbeddingScaleAssumed)]
    [InlineData("mlx-use-dora-alpha-ignored", DiagnosticCode.MlxScaleAmbiguous)]
    [InlineData("old-0.15-pattern-order", DiagnosticCode.PatternOrderAmbiguous)]
    public void Case_that_loses_something_warns(string name, DiagnosticCode code)
    {
        var warnings = new List<DiagnosticCode>();

        new Merger(Collect(warnings)).Plan(GoldenCase.Open(name).Request());

        Assert.Contains(code, warnings);
    }

    [Fact]
    public void Release_that_is_named_silences_the_warning()
    {
        var warnings = new List<DiagnosticCode>();
        MergeRequest request = GoldenCase.Open("mlx-use-dora-alpha-ignored").Request();

        new Merger(Collect(warnings)).Plan(request with { Adapters = [request.Adapters[0] with { AdapterVersion = "0.16.0" }] });

        Assert.Equal([DiagnosticCode.NoTokenizer], warnings); // the bases of the cases have none
    }

    [Fact]
    public void Release_that_the_file_contradicts_is_followed_with_a_warning()
    {
        var warnings = new List<DiagnosticCode>();
        MergeRequest request = GoldenCase.Open("old-0.14-pattern-toplevel").Request();

        new Merger(Collect(warnings)).Plan(request with { Adapters = [request.Adapters[0] with { AdapterVersion = "0.20.0" }] });

        Assert.Contains(DiagnosticCode.AdapterReleaseContradicted, warnings);
    }

    [Fact]
    public async Task Release_that_is_none_is_an_error()
    {
        GoldenCase golden = GoldenCase.Open("lora-r1");
        var error = new StringWriter();

        int exitCode = await CommandLine.RunAsync(
            ["plan", "--base", golden.BaseFolder, "--adapter", Path.Combine(golden.Folder, "adapter"), "--adapter-release", "1=newest"],
            TextWriter.Null,
            error
        );

        Assert.Equal(1, exitCode);
        Assert.Contains("LORA1105", error.ToString(), StringComparison.Ordinal);
    }

    private static Action<MergeEvent> Collect(List<DiagnosticCode> warnings) => happened =>
    {
        if (happened is MergeEvent.Warning warning)
            warnings.Add(warning.Code);
    };
}
