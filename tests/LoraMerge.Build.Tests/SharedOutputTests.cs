namespace LoraMerge.Build.Tests;

/// <summary>Projects with one output folder and models of one name, with the real worker: its manifests tell whose a model is.</summary>
public sealed class SharedOutputTests
{
    [Fact]
    public async Task A_model_that_takes_the_place_of_another_projects_is_warned_of_in_every_build()
    {
        using TestProject project = TwoProjects();

        BuildResult first = (await project.BuildAsync("Both.slnx", "-m:1")).ThrowIfFailed();
        BuildResult second = (await project.BuildAsync("Both.slnx", "-m:1", "--no-restore")).ThrowIfFailed();
        string last = project.HashOf("out/models/base/model.safetensors");
        BuildResult refused = await project.BuildAsync("first", "--no-restore", "-p:WarningsAsErrors=LORA1172");

        Assert.Equal(["second.csproj"], Told(first));
        Assert.Equal(["first.csproj", "second.csproj"], Told(second));
        Assert.Equal((2, 0), (first.Merges, second.Workers));
        Assert.Equal("LORA1172", Assert.Single(refused.Errors).Code);
        Assert.NotEqual(last, project.HashOf("out/models/base/model.safetensors"));
    }

    [Fact]
    public async Task A_project_that_gives_way_leaves_the_others_model_where_it_is()
    {
        using TestProject project = TwoProjects();
        (await project.BuildAsync("Both.slnx", "-m:1")).ThrowIfFailed();
        string second = project.HashOf("out/models/base/model.safetensors");
        (await project.DotnetAsync(["clean", "first", "-tl:off"])).ThrowIfFailed();
        Assert.Equal(second, project.HashOf("out/models/base/model.safetensors"));
        (await project.BuildAsync("Both.slnx", "-m:1", "--no-restore")).ThrowIfFailed();
        WriteApp(project, "first", "adapters/pirate", name: "pirate");

        BuildResult renamed = (await project.BuildAsync("first", "--no-restore")).ThrowIfFailed();
        BuildResult both = (await project.BuildAsync("Both.slnx", "-m:1", "--no-restore")).ThrowIfFailed();
        (await project.DotnetAsync(["clean", "first", "-tl:off"])).ThrowIfFailed();

        Assert.Empty(Told(renamed));
        Assert.Empty(Told(both));
        Assert.Equal(second, project.HashOf("out/models/base/model.safetensors"));
        Assert.False(Directory.Exists(project.PathOf("out/models/pirate")));
    }

    [Fact]
    public async Task What_a_project_has_put_there_itself_is_not_warned_of()
    {
        using TestProject project = TwoProjects();
        // The same model in both, and in both frameworks of the first.
        WriteApp(project, "second", "adapters/pirate");
        WriteApp(project, "first", "adapters/pirate", frameworks: "net10.0;netstandard2.0");
        List<BuildResult> built = [];
        async Task BuildAsync(params string[] arguments) => built.Add((await project.BuildAsync([.. arguments, "-m:1"])).ThrowIfFailed());

        await BuildAsync("Both.slnx");
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        await BuildAsync("Both.slnx", "--no-restore");
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        await BuildAsync("first", "--no-restore", "-f", "net10.0");
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        await BuildAsync("first", "--no-restore", "-f", "netstandard2.0");
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        await BuildAsync("first", "--no-restore", "-f", "net10.0", "-c", "Release");
        await BuildAsync("second", "--no-restore");
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        Directory.Delete(project.PathOf("second/obj"), recursive: true);
        await BuildAsync("second");
        Directory.Delete(project.PathOf("out"), recursive: true);
        await BuildAsync("Both.slnx", "--no-restore");

        Assert.All(built, build => Assert.Empty(Told(build)));
    }

    [Fact]
    public async Task A_model_that_a_referenced_project_has_too_is_there_once()
    {
        using TestProject project = AppAndLibrary();

        BuildResult built = (await project.BuildAsync("first")).ThrowIfFailed();
        BuildResult again = (await project.BuildAsync("first", "--no-restore")).ThrowIfFailed();
        BuildResult published = (await project.DotnetAsync(["publish", "first", "-tl:off", "-c", "Debug", "-o", "published"])).ThrowIfFailed();

        Assert.All((BuildResult[])[built, again, published], build => Assert.DoesNotContain(build.Warnings, warning => warning.Code.StartsWith("LORA117")));
        Assert.Equal(project.HashOf("first/bin/Debug/net10.0/models/base/model.safetensors"), project.HashOf("published/models/base/model.safetensors"));
    }

    [Fact]
    public async Task Of_two_models_of_one_name_the_app_has_its_own_and_nothing_of_the_librarys()
    {
        using TestProject project = AppAndLibrary();
        WriteLibrary(project, "adapters/space", """ MaxShardSize="30KB" """);

        BuildResult built = (await project.BuildAsync("first")).ThrowIfFailed();
        BuildResult published = await project.DotnetAsync(["publish", "first", "-tl:off", "-c", "Debug"]);

        Assert.Single(built.Warnings, warning => warning.Code == "LORA1173");
        Assert.True(Directory.GetFiles(project.PathOf("second/bin/Debug/net10.0/models/base"), "*.safetensors").Length > 1);
        string[] files = Directory.GetFiles(project.PathOf("first/bin/Debug/net10.0/models/base"), "*.safetensors*");
        Assert.Equal("model.safetensors", Path.GetFileName(Assert.Single(files)));
        Assert.Contains(published.Errors, error => error.Code == "NETSDK1152");
    }

    private static TestProject AppAndLibrary()
    {
        TestProject project = TwoProjects();
        project.WriteProject(
            """<ProjectReference Include="../second/second.csproj" /><LoraBaseModel Include="../models/base" /><LoraAdapter Include="../adapters/pirate" />""",
            file: "first/first.csproj"
        );
        project.Write("first/Program.cs", "System.Console.WriteLine();");
        WriteLibrary(project, "adapters/pirate");
        return project;
    }

    private static void WriteLibrary(TestProject project, string adapter, string metadata = "") =>
        project.WriteProject(
            $"""<LoraBaseModel Include="../models/base" {metadata}/><LoraAdapter Include="../{adapter}" />""",
            "<TargetFramework>net10.0</TargetFramework><OutputType>Library</OutputType>",
            file: "second/second.csproj"
        );

    /// <summary>The projects that say that they replaced another's model.</summary>
    private static string[] Told(BuildResult build) =>
        [.. build.Warnings.Where(warning => warning.Code == "LORA1172").Select(warning => Path.GetFileName(warning.File))];

    private static TestProject TwoProjects()
    {
        TestProject project = TestProject.WithRealWorker();
        File.Delete(project.PathOf("App.csproj"));
        File.Delete(project.PathOf("Program.cs"));
        project.CopyFixture("adapter", "adapters/space");
        project.ChangeWeights("adapters/space/adapter_model.safetensors");
        WriteApp(project, "first", "adapters/pirate");
        WriteApp(project, "second", "adapters/space");
        project.Write("Both.slnx", """<Solution><Project Path="first/first.csproj" /><Project Path="second/second.csproj" /></Solution>""");
        return project;
    }

    private static void WriteApp(TestProject project, string app, string adapter, string name = "", string frameworks = "net10.0")
    {
        project.WriteProject(
            $"""<LoraBaseModel Include="../models/base" /><LoraAdapter Include="../{adapter}" MergedModelName="{name}" />""",
            $"<TargetFrameworks>{frameworks}</TargetFrameworks><OutDir>$(MSBuildThisFileDirectory)../out/</OutDir><OutputType>Library</OutputType>"
                + "<GenerateDependencyFile>false</GenerateDependencyFile>",
            file: $"{app}/{app}.csproj"
        );
    }
}
