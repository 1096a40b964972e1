namespace LoraMerge.Build.Tests;

/// <summary><c>LoraMergeReport</c>: a page beside the state that decides nothing and costs nothing.</summary>
public sealed class ReportBuildTests
{
    private const string Page = "obj/Debug/net10.0/App.csproj.lora.base.report.html";
    private const string On = "-p:LoraMergeReport=true";

    [Fact]
    public async Task A_report_is_made_with_the_merge_beside_the_state_and_costs_nothing_afterwards()
    {
        using TestProject project = TestProject.WithRealWorker();

        BuildResult first = (await project.BuildAsync(On)).ThrowIfFailed();
        string page = await File.ReadAllTextAsync(project.PathOf(Page), TestContext.Current.CancellationToken);
        DateTime made = File.GetLastWriteTimeUtc(project.PathOf(Page));
        BuildResult second = (await project.BuildAsync("--no-restore", On)).ThrowIfFailed();
        DateTime kept = File.GetLastWriteTimeUtc(project.PathOf(Page));
        BuildResult off = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal((1, 1, 0, 0), (first.Merges, first.Workers, second.Workers, off.Workers));
        Assert.Contains($"App: Report of base: {project.PathOf(Page)}", first.Lines);
        Assert.DoesNotContain(second.Lines, line => line.Contains("Report of", StringComparison.Ordinal));
        Assert.Contains("Measured while the model was merged.", page, StringComparison.Ordinal);
        Assert.Equal(made, kept);
        Assert.DoesNotContain(
            Directory.GetFiles(project.PathOf("bin"), "*", SearchOption.AllDirectories), file => file.Contains("report", StringComparison.Ordinal));
        Assert.False(File.Exists(project.PathOf(Page)), "A build without the option takes the page away.");
    }

    [Fact]
    public async Task A_model_that_is_there_already_gets_the_report_of_its_manifest()
    {
        using TestProject project = TestProject.WithRealWorker();
        (await project.BuildAsync()).ThrowIfFailed();

        BuildResult asked = (await project.BuildAsync("--no-restore", On)).ThrowIfFailed();
        string page = await File.ReadAllTextAsync(project.PathOf(Page), TestContext.Current.CancellationToken);
        BuildResult again = (await project.BuildAsync("--no-restore", On)).ThrowIfFailed();
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        BuildResult changed = (await project.BuildAsync("--no-restore", On)).ThrowIfFailed();

        Assert.Equal((0, 1, 0, 1), (asked.Merges, asked.Workers, again.Workers, changed.Merges));
        Assert.Contains($"App: Report of base: {project.PathOf(Page)}", asked.Lines);
        Assert.Contains("From the manifest of the merged model.", page, StringComparison.Ordinal);
        Assert.NotEqual(page, await File.ReadAllTextAsync(project.PathOf(Page), TestContext.Current.CancellationToken));
        (await project.DotnetAsync(["clean"])).ThrowIfFailed();
        Assert.False(File.Exists(project.PathOf(Page)));
    }
}
