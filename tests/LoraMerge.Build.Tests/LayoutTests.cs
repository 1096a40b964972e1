namespace LoraMerge.Build.Tests;

public sealed class LayoutTests
{
    [Fact]
    public async Task The_artifacts_layout_and_an_output_folder_get_the_same_model()
    {
        using TestProject project = TestProject.WithFakeWorker();
        (await project.BuildAsync()).ThrowIfFailed();
        string weights = project.HashOf(project.ModelPath());

        BuildResult elsewhere = (await project.BuildAsync("--no-restore", "-o", "other folder")).ThrowIfFailed();
        project.Write(
            "Directory.Build.props",
            "<Project><PropertyGroup><ArtifactsPath>$(MSBuildThisFileDirectory)artifacts</ArtifactsPath></PropertyGroup></Project>"
        );
        foreach (string folder in (string[])["bin", "obj"])
            Directory.Delete(project.PathOf(folder), recursive: true);
        BuildResult artifacts = (await project.BuildAsync()).ThrowIfFailed();

        Assert.Equal((0, 1), (elsewhere.Workers, artifacts.Workers));
        Assert.Equal(weights, project.HashOf("other folder/models/base/model.safetensors"));
        Assert.Equal(weights, project.HashOf("artifacts/bin/App/debug/models/base/model.safetensors"));
        Assert.True(Directory.Exists(project.PathOf("artifacts/obj/App/lora")));
    }

    [Fact]
    public async Task A_model_is_never_written_over_what_it_is_made_from()
    {
        using TestProject project = TestProject.WithFakeWorker();
        string weights = project.HashOf("models/base/model.safetensors");
        (await project.DotnetAsync(["restore"])).ThrowIfFailed();

        BuildResult published = await project.DotnetAsync(["publish", "-tl:off", "--no-restore", "-o", "."]);
        BuildResult built = await project.BuildAsync("--no-restore", $"-p:OutDir={project.Folder}/");
        File.CreateSymbolicLink(project.PathOf("linked"), project.Folder);
        BuildResult linked = await project.BuildAsync("--no-restore", $"-p:OutDir={project.PathOf("linked")}/");
        project.WriteProject("""<LoraBaseModel Include="." TargetPath="m" /><LoraAdapter Include="adapters/pirate" />""");
        BuildResult whole = await project.BuildAsync("--no-restore");

        Assert.All((BuildResult[])[published, built, linked], build => Assert.Equal("LORA1029", Assert.Single(build.Errors).Code));
        Assert.Equal((0, 0), (built.Workers, whole.Workers));
        Assert.Equal("LORA1030", Assert.Single(whole.Errors).Code);
        Assert.Equal(weights, project.HashOf("models/base/model.safetensors"));
        Assert.False(File.Exists(project.PathOf("models/base/lora-merge.json")));
    }

    [Fact]
    public async Task The_folder_of_a_web_project_can_be_the_adapter()
    {
        using TestProject project = TestProject.WithRealWorker();
        Directory.Delete(project.PathOf("adapters"), recursive: true);
        project.CopyFixture("adapter", ".");
        project.Write("appsettings.json", "{}");
        project.WriteProject("""<LoraBaseModel Include="models/base" /><LoraAdapter Include="." />""", sdk: "Microsoft.NET.Sdk.Web");

        BuildResult first = (await project.BuildAsync()).ThrowIfFailed();
        BuildResult second = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal((1, 0), (first.Merges, second.Workers));
        Assert.True(File.Exists(project.ModelPath()));
        Assert.True(File.Exists(project.PathOf("bin/Debug/net10.0/appsettings.json")));
        Assert.Empty(Directory.GetFiles(project.PathOf("bin"), "adapter_*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Names_that_mean_something_to_a_command_line_mean_nothing_here()
    {
        using TestProject project = TestProject.WithRealWorker();
        project.WriteProject("""<LoraBaseModel Include="models/base" MergedModelName="@x" /><LoraAdapter Include="adapters/pirate" />""");

        (await project.BuildAsync("-p:LoraMergeCacheFolder=")).ThrowIfFailed();

        Assert.True(File.Exists(project.PathOf("bin/Debug/net10.0/models/@x/model.safetensors")));
        Assert.Single(Directory.GetFiles(project.PathOf("obj/lora"), "*.entry"));
    }

    [Fact]
    public async Task A_design_time_build_an_evaluation_and_a_restore_start_no_worker()
    {
        using TestProject project = TestProject.WithFakeWorker();

        BuildResult restored = (await project.DotnetAsync(["restore"])).ThrowIfFailed();
        BuildResult evaluated = (await project.BuildAsync("--no-restore", "-getItem:LoraAdapter")).ThrowIfFailed();
        BuildResult designed = (
            await project.DotnetAsync([
                "msbuild",
                "-t:Compile;GetCopyToOutputDirectoryItems",
                "-p:DesignTimeBuild=true",
                "-p:SkipCompilerExecution=true",
                "-p:ProvideCommandLineArgs=true",
            ])
        ).ThrowIfFailed();

        Assert.Equal((0, 0, 0), (restored.Workers, evaluated.Workers, designed.Workers));
        Assert.Contains("adapters/pirate", evaluated.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(project.PathOf("obj/lora")));
    }

    [Fact]
    public async Task After_a_restore_everything_works_without_a_network()
    {
        using TestProject project = TestProject.WithFakeWorker();
        (await project.DotnetAsync(["restore"])).ThrowIfFailed();
        project.CutOffPackageSource();

        BuildResult unrestored = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal(1, unrestored.Merges);
        Assert.True(File.Exists(project.ModelPath()));

        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        var impatient = new Dictionary<string, string> { ["NUGET_ENHANCED_MAX_NETWORK_TRY_COUNT"] = "1" };
        Assert.Equal(1, (await project.DotnetAsync(["build", "-tl:off"], impatient)).ThrowIfFailed().Merges);
    }

    [Fact]
    public async Task Two_adapters_two_results_and_a_target_path_go_where_they_should()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.CopyFixture("base", "bases/second");
        project.CopyFixture("adapter", "adapters/space");
        project.WriteProject("""
            <LoraBaseModel Include="models/base" TargetPath="chat\model" /><LoraBaseModel Include="bases/second/" DType="float16" />
            <LoraAdapter Include="adapters/pirate" BaseModel="models/base" /><LoraAdapter Include="adapters/space" BaseModel="models/base" Weight="0.5" />
            <LoraAdapter Include="adapters/pirate/" BaseModel="second" MergedModelName="pirate" />
            <LoraAdapter Include="adapters/space" BaseModel="second" MergedModelName="space" />
            """);

        BuildResult built = (await project.BuildAsync()).ThrowIfFailed();

        Assert.Equal(3, built.Workers);
        Assert.All(
            (string[])["chat/model", "models/pirate", "models/space"],
            model => Assert.True(File.Exists(project.PathOf($"bin/Debug/net10.0/{model}/model.safetensors")))
        );
    }
}
