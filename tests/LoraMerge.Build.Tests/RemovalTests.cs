namespace LoraMerge.Build.Tests;

public sealed class RemovalTests
{
    [Fact]
    public async Task A_model_leaves_the_output_with_its_items_or_when_merging_is_switched_off()
    {
        using TestProject project = TestProject.WithFakeWorker();
        (await project.BuildAsync()).ThrowIfFailed();

        BuildResult off = (await project.BuildAsync("--no-restore", "-p:LoraMergeEnabled=Off")).ThrowIfFailed();
        Assert.Equal(0, off.Workers);
        AssertNoTrace(project);

        BuildResult on = (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        Assert.Equal(0, on.Workers);
        Assert.Single(ModelsIn(project, "bin"));

        project.Write("Directory.Build.targets", "<Project><PropertyGroup><LoraMergeEnabled> False </LoraMergeEnabled></PropertyGroup></Project>");
        BuildResult late = (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        BuildResult unclear = await project.BuildAsync("--no-restore", "-p:LoraMergeEnabled=flase");
        project.Write("Directory.Build.targets", "<Project />");
        Assert.Equal(0, late.Workers);
        Assert.Empty(ModelsIn(project, "bin"));
        Assert.Equal("LoraMergeEnabled='flase' is unknown. Was 'false' meant? Write one of: true, false.", Assert.Single(unclear.Errors).Text);

        project.WriteProject(items: "");
        BuildResult removed = (await project.BuildAsync()).ThrowIfFailed();
        Assert.Equal(0, removed.Workers);
        Assert.Empty(ModelsIn(project, "bin"));
    }

    [Fact]
    public async Task A_model_under_another_name_leaves_nothing_under_its_old_one()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.WriteProject("""<LoraBaseModel Include="models/base" TargetPath="nested/models/old" /><LoraAdapter Include="adapters/pirate" />""");
        (await project.DotnetAsync(["publish", "-tl:off", "-o", "published"])).ThrowIfFailed();
        project.Write("published/nested/mine.txt", "mine");
        project.WriteProject("""<LoraBaseModel Include="models/base" MergedModelName="new" /><LoraAdapter Include="adapters/pirate" />""");

        BuildResult renamed = (await project.DotnetAsync(["publish", "-tl:off", "-o", "published"])).ThrowIfFailed();

        Assert.Empty(renamed.Warnings);
        Assert.All(
            (string[])["bin/Release/net10.0", "published"],
            folder => Assert.True(File.Exists(project.PathOf($"{folder}/models/new/model.safetensors")))
        );
        Assert.False(Directory.Exists(project.PathOf("bin/Release/net10.0/nested")));
        Assert.Equal([project.PathOf("published/nested/mine.txt")], Directory.GetFileSystemEntries(project.PathOf("published/nested")));
    }

    [Fact]
    public async Task Clean_leaves_no_model_behind()
    {
        using TestProject project = TestProject.WithFakeWorker();
        (await project.BuildAsync()).ThrowIfFailed();

        (await project.DotnetAsync(["clean", "-tl:off"])).ThrowIfFailed();

        AssertNoTrace(project);
        Assert.Empty(ModelsIn(project, "obj"));
        Assert.False(Directory.Exists(project.PathOf("obj/lora")));
        Assert.Empty(Directory.GetFiles(project.PathOf("obj"), "*.state", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("<TargetFramework>net10.0</TargetFramework>")]
    [InlineData(
        "<TargetFrameworks>net10.0;netstandard2.0</TargetFrameworks><OutputType>Library</OutputType>"
            + "<EnableDefaultCompileItems>false</EnableDefaultCompileItems>"
    )]
    public async Task A_rebuild_merges_exactly_once(string frameworks)
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.WriteProject(properties: frameworks);
        (await project.BuildAsync()).ThrowIfFailed();

        BuildResult rebuilt = (await project.BuildAsync("--no-restore", "--no-incremental")).ThrowIfFailed();

        Assert.Equal(1, rebuilt.Merges);
        Assert.True(File.Exists(project.ModelPath()));
    }

    private static void AssertNoTrace(TestProject project)
    {
        Assert.Empty(ModelsIn(project, "bin"));
        Assert.False(Directory.Exists(project.PathOf("bin/Debug/net10.0/models")));
        Assert.Empty(Directory.GetFiles(project.PathOf("obj"), "*.placed", SearchOption.AllDirectories));
    }

    private static string[] ModelsIn(TestProject project, string folder) =>
        Directory.GetFiles(project.PathOf(folder), "*.safetensors", SearchOption.AllDirectories);
}
