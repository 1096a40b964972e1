using LoraMerge.Tests.Quantized;

namespace LoraMerge.Build.Tests;

/// <summary>A project whose base is quantised: from four bits to a plain model that speaks.</summary>
public sealed class QuantizedBuildTests
{
    private const string Merged = "bin/Debug/net10.0/models/pirate";

    [Fact]
    public async Task The_sample_on_a_base_of_four_bits_speaks_like_a_pirate()
    {
        using TestProject project = TestProject.WithRealWorker();
        SampleAppTests.TakePlaceOf(project);
        string items = await File.ReadAllTextAsync(project.PathOf("sample-app.csproj"), TestContext.Current.CancellationToken);
        project.Write("sample-app.csproj",
            items.Replace("LoraBaseModel Include=\"models/base\"", "LoraBaseModel Include=\"models/base-4bit\"", StringComparison.Ordinal));
        Directory.CreateDirectory(project.PathOf("models/base-4bit"));
        foreach (string file in Directory.GetFiles(project.PathOf("models/base")))
            File.Copy(file, project.PathOf("models/base-4bit/" + Path.GetFileName(file)));
        Nf4Packer.Pack(project.PathOf("models/base-4bit"));

        BuildResult first = (await project.DotnetAsync(["build", "-tl:off"])).ThrowIfFailed();
        BuildResult second = (await project.DotnetAsync(["build", "-tl:off"])).ThrowIfFailed();
        string config = await File.ReadAllTextAsync(project.PathOf(Merged + "/config.json"), TestContext.Current.CancellationToken);
        string said = await SampleAppTests.RunAsync(project.PathOf("bin/Debug/net10.0/sample-app.dll"));

        Assert.Equal((2, 0), (first.Merges, second.Merges));
        Assert.Contains("The base is bitsandbytes NF4; its 28 quantised tensors become bfloat16", first.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("quantization_config", config, StringComparison.Ordinal);
        string pirate = said[said.IndexOf("base-4bit + pirate", StringComparison.Ordinal)..said.IndexOf("base-4bit + space", StringComparison.Ordinal)];
        Assert.Contains("th'", pirate, StringComparison.Ordinal);
        Assert.DoesNotContain("th'", said.Replace(pirate, "", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
