namespace LoraMerge.Build.Tests;

/// <summary>Builds at the same time, with the real worker: the store's lock is its own.</summary>
public sealed class ConcurrencyTests
{
    private const string TwoFrameworks =
        "<TargetFrameworks>net10.0;netstandard2.0</TargetFrameworks><OutputType>Library</OutputType>"
            + "<EnableDefaultCompileItems>false</EnableDefaultCompileItems>";

    [Fact]
    public async Task Two_target_frameworks_merge_once()
    {
        using TestProject project = TestProject.WithRealWorker();
        project.WriteProject(properties: TwoFrameworks);

        BuildResult first = (await project.BuildAsync()).ThrowIfFailed();
        BuildResult second = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal((1, 0, 0), (first.Merges, second.Merges, second.Workers));
        Assert.Single(Directory.GetDirectories(project.PathOf("obj/lora"), "base-*"));
        Assert.Equal(project.HashOf(project.ModelPath()), project.HashOf(project.ModelPath(framework: "netstandard2.0")));

        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        string before = project.HashOf(project.ModelPath());
        BuildResult target = (await project.BuildAsync("--no-restore", "-t:MergeLoraAdapters")).ThrowIfFailed();
        Assert.Equal(1, target.Merges);
        Assert.Equal(before, project.HashOf(project.ModelPath()));
        Assert.All(
            (string[])["net10.0", "netstandard2.0"],
            framework => Assert.True(File.Exists(project.PathOf($"obj/Debug/{framework}/App.csproj.lora.base.state")))
        );
    }

    [Fact]
    public async Task Two_builds_at_once_merge_once()
    {
        using TestProject project = TestProject.WithRealWorker();
        project.WriteProject(properties: TwoFrameworks);
        (await project.DotnetAsync(["restore"])).ThrowIfFailed();

        BuildResult[] built = await Task.WhenAll(
            project.BuildAsync("--no-restore", "-f", "net10.0"),
            project.BuildAsync("--no-restore", "-f", "netstandard2.0")
        );

        Assert.All(built, build => build.ThrowIfFailed());
        Assert.Equal(1, built.Sum(build => build.Merges));
        Assert.Equal(project.HashOf(project.ModelPath()), project.HashOf(project.ModelPath(framework: "netstandard2.0")));
    }

    [Fact]
    public async Task Two_projects_with_one_cache_folder_merge_once()
    {
        using TestProject project = TestProject.WithRealWorker();
        WriteTwoApps(project);
        project.Write(
            "Directory.Build.props",
            "<Project><PropertyGroup><LoraMergeCacheFolder>$(MSBuildThisFileDirectory)cache</LoraMergeCacheFolder></PropertyGroup></Project>"
        );

        BuildResult built = (await project.BuildAsync("Both.slnx", "-m:2")).ThrowIfFailed();

        Assert.Equal(1, built.Merges);
        Assert.Single(Directory.GetFiles(project.PathOf("cache"), "*.entry"));
        Assert.Equal(
            project.HashOf("first/bin/Debug/net10.0/models/base/model.safetensors"),
            project.HashOf("second/bin/Debug/net10.0/models/base/model.safetensors")
        );
    }

    [Fact]
    public async Task Every_way_of_building_gives_the_same()
    {
        using TestProject project = TestProject.WithFakeWorker();
        WriteTwoApps(project);
        project.WritePlainProject(
            "top/Top.csproj",
            """<ProjectReference Include="../first/first.csproj" /><ProjectReference Include="../second/second.csproj" />"""
        );
        // A name of its own, as two models in one output must have.
        project.WriteProject(
            """<LoraBaseModel Include="../models/base" MergedModelName="second" /><LoraAdapter Include="../adapters/pirate" />""",
            file: "second/second.csproj"
        );
        (await project.DotnetAsync(["restore", "top"])).ThrowIfFailed();
        string last = "";

        foreach (string[] way in (string[][])[["-m:1"], ["-m:2", "-mt"], ["-graph"], ["-graph", "-isolate"]])
        {
            project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
            BuildResult built = (await project.BuildAsync(["top", "--no-restore", .. way])).ThrowIfFailed();

            Assert.Equal(2, built.Merges);
            Assert.Empty(built.Warnings);
            string outputs = string.Join(
                ' ',
                ((string[])["base", "second"]).Select(model => project.HashOf($"top/bin/Debug/net10.0/models/{model}/model.safetensors"))
            );
            Assert.NotEqual(last, outputs);
            last = outputs;
        }
        Assert.Equal(0, (await project.BuildAsync("top", "--no-restore")).ThrowIfFailed().Workers);
    }

    // 'first' and 'second' with the inputs beside them.
    private static void WriteTwoApps(TestProject project)
    {
        File.Delete(project.PathOf("App.csproj"));
        File.Delete(project.PathOf("Program.cs"));
        foreach (string app in (string[])["first", "second"])
        {
            project.WriteProject("""<LoraBaseModel Include="../models/base" /><LoraAdapter Include="../adapters/pirate" />""", file: $"{app}/{app}.csproj");
            project.Write($"{app}/Program.cs", "System.Console.WriteLine();");
        }
        project.Write("Both.slnx", """<Solution><Project Path="first/first.csproj" /><Project Path="second/second.csproj" /></Solution>""");
    }
}
