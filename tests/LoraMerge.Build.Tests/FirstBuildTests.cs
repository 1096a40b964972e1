namespace LoraMerge.Build.Tests;

public sealed class FirstBuildTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_first_build_merges_once_and_a_second_starts_no_worker(bool real)
    {
        using TestProject project = real ? TestProject.WithRealWorker() : TestProject.WithFakeWorker();

        BuildResult first = (await project.BuildAsync()).ThrowIfFailed();
        BuildResult second = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal((1, 1), (first.Merges, first.Workers));
        Assert.Equal((0, 0), (second.Merges, second.Workers));
        Assert.True(File.Exists(project.ModelPath()));
        Assert.True(File.Exists(project.ModelPath("config.json")));
        Assert.NotEqual(project.HashOf("models/base/model.safetensors"), project.HashOf(project.ModelPath()));
        Assert.DoesNotContain("LORA", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_follows_its_adapter_and_goes_back_to_the_earlier_bytes()
    {
        using TestProject project = TestProject.WithRealWorker();
        (await project.BuildAsync()).ThrowIfFailed();
        string first = project.HashOf(project.ModelPath());

        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        BuildResult changed = (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        string second = project.HashOf(project.ModelPath());
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal(1, changed.Merges);
        Assert.NotEqual(first, second);
        Assert.Equal(first, project.HashOf(project.ModelPath()));
    }

    [Fact]
    public async Task A_project_without_items_notices_nothing()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.WriteProject(items: "");

        BuildResult built = (await project.BuildAsync()).ThrowIfFailed();

        Assert.Equal(0, built.Workers);
        Assert.DoesNotContain("LORA", built.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(project.PathOf("obj/lora")));
    }

    [Fact]
    public async Task A_project_whose_items_are_called_otherwise_is_told_so()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.WriteProject("""<LoraBase Include="models/base" />""");
        project.Write("Directory.Build.props", """<Project><ItemGroup><Adapter Include="adapters/pirate" /></ItemGroup></Project>""");

        BuildResult built = (await project.BuildAsync()).ThrowIfFailed();

        Assert.Equal(
            [("LORA1171", "App.csproj"), ("LORA1171", "Directory.Build.props")],
            built.Warnings.Select(warning => (warning.Code, Path.GetFileName(warning.File)))
        );
        Assert.Equal(0, built.Workers);
    }
}
