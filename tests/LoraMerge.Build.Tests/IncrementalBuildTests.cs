namespace LoraMerge.Build.Tests;

public sealed class IncrementalBuildTests
{
    private const string AdapterWeights = "adapters/pirate/adapter_model.safetensors";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_first_build_merges_once_and_a_second_starts_no_worker(bool real)
    {
        using TestProject project = real ? TestProject.WithRealWorker() : TestProject.WithFakeWorker();

        BuildResult first = (await project.BuildAsync()).ThrowIfFailed();
        BuildResult second = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal((1, 0), (first.Merges, second.Merges));
        Assert.True(File.Exists(project.ModelPath()));
        Assert.True(File.Exists(project.ModelPath("config.json")));
        Assert.NotEqual(project.HashOf(project.PathOf("models/base/model.safetensors")), project.HashOf(project.ModelPath()));
        Assert.DoesNotContain("LORA", second.Output, StringComparison.Ordinal);
        TimeSpan spent = second.Log.FindChildrenRecursive<Microsoft.Build.Logging.StructuredLogger.Task>(task => task.Name == "MergeLoraAdapters").Single().Duration;
        Assert.InRange(spent.TotalMilliseconds, 0, 500);
    }

    [Fact]
    public async Task Touched_inputs_are_read_again_and_not_merged()
    {
        using TestProject project = TestProject.WithFakeWorker();
        (await project.BuildAsync()).ThrowIfFailed();
        string state = project.PathOf("obj/Debug/net10.0/App.csproj.lora.base.state");
        foreach (string file in Directory.GetFiles(project.PathOf("adapters/pirate")))
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow);

        BuildResult touched = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal(0, touched.Merges);
        Assert.All(Directory.GetFiles(project.PathOf("adapters/pirate")), file => Assert.True(File.GetLastWriteTimeUtc(state) >= File.GetLastWriteTimeUtc(file)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_changed_byte_of_the_adapter_is_merged(bool real)
    {
        using TestProject project = real ? TestProject.WithRealWorker() : TestProject.WithFakeWorker();
        (await project.BuildAsync()).ThrowIfFailed();
        string before = project.HashOf(project.ModelPath());
        project.ChangeWeights(AdapterWeights);

        BuildResult changed = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal(1, changed.Merges);
        Assert.NotEqual(before, project.HashOf(project.ModelPath()));
    }

    [Fact]
    public async Task An_adapter_replaced_by_an_older_file_of_the_same_size_is_merged()
    {
        using TestProject project = TestProject.WithFakeWorker();
        (await project.BuildAsync()).ThrowIfFailed();
        project.ChangeWeights(AdapterWeights);
        File.SetLastWriteTimeUtc(project.PathOf(AdapterWeights), new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        BuildResult replaced = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal(1, replaced.Merges);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_model_that_goes_back_to_an_earlier_adapter_has_the_earlier_bytes(bool real)
    {
        using TestProject project = real ? TestProject.WithRealWorker() : TestProject.WithFakeWorker();
        (await project.BuildAsync()).ThrowIfFailed();
        string first = project.HashOf(project.ModelPath());
        project.ChangeWeights(AdapterWeights);
        (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        string second = project.HashOf(project.ModelPath());
        project.ChangeWeights(AdapterWeights);

        (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.NotEqual(first, second);
        Assert.Equal(first, project.HashOf(project.ModelPath()));
    }

    [Fact]
    public async Task A_changed_weight_in_the_project_file_is_merged()
    {
        using TestProject project = TestProject.WithFakeWorker();
        (await project.BuildAsync()).ThrowIfFailed();
        project.WriteProject("""<LoraBaseModel Include="models/base" /><LoraAdapter Include="adapters/pirate" Weight="0.5" />""");

        BuildResult changed = (await project.BuildAsync()).ThrowIfFailed();

        Assert.Equal(1, changed.Merges);
    }

    [Fact]
    public async Task A_file_deleted_from_the_output_comes_back_without_a_merge()
    {
        using TestProject project = TestProject.WithFakeWorker();
        (await project.BuildAsync()).ThrowIfFailed();
        File.Delete(project.ModelPath("config.json"));

        BuildResult again = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal(0, again.Merges);
        Assert.True(File.Exists(project.ModelPath("config.json")));
    }

    [Fact]
    public async Task A_file_edited_in_the_output_is_put_right()
    {
        using TestProject project = TestProject.WithFakeWorker();
        (await project.BuildAsync()).ThrowIfFailed();
        string config = project.HashOf(project.ModelPath("config.json"));
        string weights = project.HashOf(project.ModelPath());
        File.AppendAllText(project.ModelPath("config.json"), "x");
        File.AppendAllText(project.ModelPath(), "x");

        (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal((config, weights), (project.HashOf(project.ModelPath("config.json")), project.HashOf(project.ModelPath())));
    }

    [Fact]
    public async Task A_damaged_model_in_the_store_is_merged_again()
    {
        using TestProject project = TestProject.WithFakeWorker();
        (await project.BuildAsync()).ThrowIfFailed();
        string weights = project.HashOf(project.ModelPath());
        string stored = Directory.GetFiles(project.PathOf("obj/lora"), "model.safetensors", SearchOption.AllDirectories).Single();
        await File.WriteAllTextAsync(stored, "x", TestContext.Current.CancellationToken);

        BuildResult again = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal(1, again.Merges);
        Assert.Equal(weights, project.HashOf(project.ModelPath()));
    }

    [Fact]
    public async Task Release_after_debug_merges_nothing()
    {
        using TestProject project = TestProject.WithFakeWorker();
        (await project.BuildAsync()).ThrowIfFailed();

        BuildResult release = (await project.BuildAsync("-c", "Release")).ThrowIfFailed();

        Assert.Equal(0, release.Merges);
        Assert.Equal(project.HashOf(project.ModelPath()), project.HashOf(project.ModelPath(configuration: "Release")));
    }

    [Fact]
    public async Task A_checkout_that_moved_merges_nothing()
    {
        using TestProject project = TestProject.WithFakeWorker();
        string cache = project.PathOf("cache");
        (await project.BuildAsync($"-p:LoraMergeCacheFolder={cache}")).ThrowIfFailed();
        foreach (string folder in (string[])["models", "adapters", "obj/Debug"])
            Directory.Move(project.PathOf(folder), project.PathOf(folder) + " 2");
        foreach (string folder in (string[])["models", "adapters"])
            Directory.Move(project.PathOf(folder) + " 2", project.PathOf(folder));
        foreach (string file in Directory.GetFiles(project.PathOf("models/base")))
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow);

        BuildResult moved = (await project.BuildAsync($"-p:LoraMergeCacheFolder={cache}")).ThrowIfFailed();

        Assert.Equal(0, moved.Merges);
    }

    [Fact]
    public async Task Two_target_frameworks_merge_once()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.WriteProject(properties: "<TargetFrameworks>net10.0;netstandard2.0</TargetFrameworks><OutputType>Library</OutputType><EnableDefaultCompileItems>false</EnableDefaultCompileItems>");

        BuildResult first = (await project.BuildAsync()).ThrowIfFailed();

        Assert.Single(Directory.GetDirectories(project.PathOf("obj/lora"), "base-*"));
        Assert.Equal(1, first.Output.Split('\n').Count(line => line.Contains("Merging ", StringComparison.Ordinal)));
        Assert.Equal(project.HashOf(project.ModelPath()), project.HashOf(project.ModelPath(framework: "netstandard2.0")));
    }
}
