namespace LoraMerge.Build.Tests;

public sealed class OutputRepairTests(UpToDateProject shared) : IClassFixture<UpToDateProject>
{
    [Fact]
    public async Task A_file_deleted_from_the_output_comes_back_without_a_merge()
    {
        TestProject project = await shared.GetAsync();
        File.Delete(project.ModelPath("config.json"));
        File.Delete(project.ModelPath());

        BuildResult again = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal(0, again.Workers);
        Assert.True(File.Exists(project.ModelPath("config.json")));
        Assert.True(File.Exists(project.ModelPath()));
    }

    [Fact]
    public async Task A_file_edited_in_the_output_is_put_right()
    {
        TestProject project = await shared.GetAsync();
        string config = project.HashOf(project.ModelPath("config.json"));
        string weights = project.HashOf(project.ModelPath());
        File.AppendAllText(project.ModelPath("config.json"), "x");
        File.AppendAllText(project.ModelPath(), "x");

        (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal((config, weights), (project.HashOf(project.ModelPath("config.json")), project.HashOf(project.ModelPath())));
    }

    [Theory]
    [InlineData("x")]
    [InlineData(null)]
    public async Task A_damaged_model_in_the_store_is_merged_again(string? content)
    {
        TestProject project = await shared.GetAsync();
        string weights = project.HashOf(project.ModelPath());
        string stored = Directory.GetFiles(project.PathOf("obj/lora"), "model.safetensors", SearchOption.AllDirectories).Single();
        if (content is null)
            File.Delete(stored);
        else
            await File.WriteAllTextAsync(stored, content, TestContext.Current.CancellationToken);

        BuildResult again = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal(1, again.Merges);
        Assert.Equal(weights, project.HashOf(project.ModelPath()));
    }

    [Fact]
    public async Task Release_after_debug_merges_nothing()
    {
        TestProject project = await shared.GetAsync();

        BuildResult release = (await project.BuildAsync("--no-restore", "-c", "Release")).ThrowIfFailed();

        Assert.Equal(0, release.Workers);
        Assert.Equal(project.HashOf(project.ModelPath()), project.HashOf(project.ModelPath(configuration: "Release")));
    }
}
