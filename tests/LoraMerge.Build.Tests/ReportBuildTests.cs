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
    public async Task Whoever_finds_the_model_gets_the_report_of_its_merge_to_the_byte()
    {
        using TestProject project = TestProject.WithRealWorker();
        project.Write("Program.cs", "public static class Program { public static void Main() { } }");
        project.WriteProject(
            properties: "<TargetFrameworks>net48;netstandard2.0</TargetFrameworks><OutputType Condition=\"'$(TargetFramework)' == "
                + "'netstandard2.0'\">Library</OutputType>"
        );
        string[] pages = ["obj/Debug/net48/App.csproj.lora.base.report.html", "obj/Debug/netstandard2.0/App.csproj.lora.base.report.html"];

        BuildResult built = (await project.BuildAsync(On)).ThrowIfFailed();
        string first = await File.ReadAllTextAsync(project.PathOf(pages[0]), TestContext.Current.CancellationToken);
        string second = await File.ReadAllTextAsync(project.PathOf(pages[1]), TestContext.Current.CancellationToken);
        Directory.Delete(project.PathOf("obj/Debug"), recursive: true);
        BuildResult again = (await project.BuildAsync("--no-restore", On)).ThrowIfFailed();

        Assert.Equal((1, 0, 0), (built.Merges, again.Merges, again.Workers));
        Assert.Contains("Measured while the model was merged.", first, StringComparison.Ordinal);
        Assert.Equal(first, second);
        Assert.All(pages, page => Assert.Contains($"App: Report of base: {project.PathOf(page)}", built.Lines));
        Assert.All(pages, page => Assert.Equal(first, File.ReadAllText(project.PathOf(page))));
        Assert.All(pages, page => Assert.Contains($"App: Report of base: {project.PathOf(page)}", again.Lines));
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
