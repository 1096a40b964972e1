using Microsoft.Build.Logging.StructuredLogger;
using Task = System.Threading.Tasks.Task;

namespace LoraMerge.Build.Tests;

/// <summary>Builds whose inputs are pinned; the merge itself holds files to their pins, so it is a real one.</summary>
public sealed class PinnedBuildTests
{
    private const string Adapter = "adapters/pirate/adapter_model.safetensors";

    [Fact]
    public async Task A_swapped_file_stops_the_build_at_its_pin()
    {
        using TestProject project = TestProject.WithRealWorker();
        string pin = project.HashOf(Adapter);
        project.WriteProject($"""<LoraBaseModel Include="models/base" /><LoraAdapter Include="adapters/pirate" Sha256="{pin}" />""");
        (await project.BuildAsync()).ThrowIfFailed();
        string before = project.HashOf(project.ModelPath());

        Assert.Equal(0, (await project.BuildAsync("--no-restore")).ThrowIfFailed().Workers);

        project.ChangeWeights(Adapter);
        BuildResult swapped = await project.BuildAsync("--no-restore");

        Error error = Assert.Single(swapped.Errors);
        string line = (await File.ReadAllLinesAsync(project.PathOf("App.csproj"), TestContext.Current.CancellationToken))[error.LineNumber - 1];
        Assert.Equal(("LORA7060", line.IndexOf("Sha256", StringComparison.Ordinal) + 1), (error.Code, error.ColumnNumber));
        Assert.Equal(before, project.HashOf(project.ModelPath()));
    }
}
