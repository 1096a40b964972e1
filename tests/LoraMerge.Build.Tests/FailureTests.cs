namespace LoraMerge.Build.Tests;

public sealed class FailureTests(UpToDateProject shared) : IClassFixture<UpToDateProject>
{
    [Fact]
    public async Task A_missing_adapter_is_reported_where_it_is_written()
    {
        TestProject project = await shared.GetAsync();
        project.WriteProject("""<LoraBaseModel Include="models/base" /><LoraAdapter Include="adapters/parrot" />""");

        BuildResult failed = await project.BuildAsync("--no-restore");

        Assert.Equal((1, 0), (failed.ExitCode, failed.Workers));
        var error = Assert.Single(failed.Errors);
        Assert.Equal(("LORA1002", project.PathOf("App.csproj")), (error.Code, error.File));
        Assert.Equal((9, 57), (error.LineNumber, error.ColumnNumber));
    }

    [Fact]
    public async Task An_item_of_an_imported_file_is_reported_there()
    {
        TestProject project = await shared.GetAsync();
        project.WriteProject("""<LoraBaseModel Include="models/base" />""");
        project.Write("Directory.Build.props", "<Project>\n  <ItemGroup>\n    <LoraAdapter Include=\"adapters/parrot\" />\n  </ItemGroup>\n</Project>");

        BuildResult failed = await project.BuildAsync("--no-restore");

        var error = Assert.Single(failed.Errors);
        Assert.Equal(("LORA1002", project.PathOf("Directory.Build.props"), 3), (error.Code, error.File, error.LineNumber));
    }

    [Fact]
    public async Task A_warning_can_be_silenced_or_made_an_error()
    {
        TestProject project = await shared.GetAsync();
        project.WriteProject("""<LoraBaseModel Include="models/base" /><LoraAdapter Include="adapters/pirate" Wieght="0.5" />""");

        BuildResult warned = (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        BuildResult silent = (await project.BuildAsync("--no-restore", "-p:NoWarn=LORA1018")).ThrowIfFailed();
        BuildResult strict = await project.BuildAsync("--no-restore", "-p:WarningsAsErrors=LORA1018");
        BuildResult strictest = await project.BuildAsync("--no-restore", "-warnaserror");

        Assert.Equal("LORA1018", Assert.Single(warned.Warnings).Code);
        Assert.Empty(silent.Warnings);
        Assert.Equal((1, 1), (strict.ExitCode, strictest.ExitCode));
        Assert.Equal("LORA1018", Assert.Single(strict.Errors).Code);
    }

    [Fact]
    public async Task An_unknown_property_is_warned_of_in_the_file_that_sets_it()
    {
        TestProject project = await shared.GetAsync();
        project.Write("Directory.Build.props", "<Project>\n  <PropertyGroup>\n    <LoraMergeDevices>cpu</LoraMergeDevices>\n  </PropertyGroup>\n</Project>");

        BuildResult warned = (await project.BuildAsync("--no-restore", "-p:LoraMergeDtype=float16")).ThrowIfFailed();
        BuildResult silent = (await project.BuildAsync("--no-restore", "-p:NoWarn=LORA1036")).ThrowIfFailed();

        Assert.Equal(
            [("LORA1036", "Directory.Build.props", 3), ("LORA1036", "App.csproj", 0)],
            warned.Warnings.Select(warning => (warning.Code, Path.GetFileName(warning.File), warning.LineNumber))
        );
        Assert.Empty(silent.Warnings);
    }

    [Fact]
    public async Task Content_at_the_place_of_a_model_is_refused_before_the_merge_and_named()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.WriteProject("""<Content Include="models/base/**" CopyToOutputDirectory="PreserveNewest" />""" + TestProject.ReadmeItems);

        BuildResult failed = await project.BuildAsync();
        project.WriteProject("""
            <Content Include="models/base/**" CopyToOutputDirectory="PreserveNewest" />
            <LoraBaseModel Include="models/base" MergedModelName="pirate" /><LoraAdapter Include="adapters/pirate" />
            """);
        (await project.DotnetAsync(["publish", "-tl:off", "--no-restore", "-c", "Debug", "-o", "out"])).ThrowIfFailed();

        Assert.Equal((1, 0), (failed.ExitCode, failed.Workers));
        var error = Assert.Single(failed.Errors);
        Assert.Equal("LORA1032", error.Code);
        Assert.True(error.LineNumber > 0);
        Assert.Contains("MergedModelName of its own, such as 'pirate'", error.Text, StringComparison.Ordinal);
        Assert.Equal(project.HashOf("models/base/model.safetensors"), project.HashOf("out/models/base/model.safetensors"));
        Assert.NotEqual(project.HashOf("models/base/model.safetensors"), project.HashOf("out/models/pirate/model.safetensors"));
    }

    [Fact]
    public async Task A_compile_error_comes_before_a_long_merge()
    {
        TestProject project = await shared.GetAsync();
        project.Write("Bad.cs", "oops");
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");

        BuildResult failed = await project.BuildAsync("--no-restore");
        File.Delete(project.PathOf("Bad.cs"));

        Assert.Equal((1, 0), (failed.ExitCode, failed.Workers));
    }

    [Fact]
    public async Task A_fault_that_the_worker_finds_is_reported_at_the_item_and_keeps_the_earlier_model()
    {
        TestProject project = await shared.GetAsync();
        string weights = project.HashOf(project.ModelPath());
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");

        BuildResult refused = await project.DotnetAsync(["build", "-tl:off", "--no-restore"], new() { ["FAKE_WORKER_BEHAVIOR"] = "refuse" });

        var error = Assert.Single(refused.Errors);
        Assert.Equal(("LORA3001", "the fake refuses 'Äpfel'.", 9, 57), (error.Code, error.Text, error.LineNumber, error.ColumnNumber));
        Assert.Equal(weights, project.HashOf(project.ModelPath()));
        Assert.Equal(1, (await project.BuildAsync("--no-restore")).ThrowIfFailed().Workers);
    }

    [Fact]
    public async Task A_line_that_a_name_in_a_model_makes_look_like_a_fault_is_none()
    {
        TestProject project = await shared.GetAsync();
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");

        BuildResult merged = await project.DotnetAsync(["build", "-tl:off", "--no-restore"], new() { ["FAKE_WORKER_BEHAVIOR"] = "tell a hostile name" });

        merged.ThrowIfFailed();
        Assert.Contains("App: Not in the merged model, as they are no part of one: x: error LORA1234: injected.", merged.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_that_crashes_is_one_error_with_the_line_to_repeat_it()
    {
        TestProject project = await shared.GetAsync();
        string weights = project.HashOf(project.ModelPath());
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");

        BuildResult crashed = await project.DotnetAsync(["build", "-tl:off", "--no-restore"], new() { ["FAKE_WORKER_BEHAVIOR"] = "crash" });

        var error = Assert.Single(crashed.Errors);
        Assert.Equal("LORA6004", error.Code);
        Assert.Contains("told to crash", error.Text, StringComparison.Ordinal);
        Assert.Contains("App.csproj.lora.base.rsp\"", error.Text, StringComparison.Ordinal);
        Assert.True(Directory.Exists(project.PathOf("obj/lora/base.partial")));
        Assert.Equal(weights, project.HashOf(project.ModelPath()));
        BuildResult next = (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        Assert.Equal(1, next.Merges);
        Assert.False(Directory.Exists(project.PathOf("obj/lora/base.partial")));
    }

    [Fact]
    public async Task Two_results_at_one_place_are_refused_and_named()
    {
        TestProject project = await shared.GetAsync();
        project.CopyFixture("base", "models/second");
        project.WriteProject("""
            <LoraBaseModel Include="models/base" TargetPath="models/x" />
            <LoraBaseModel Include="models/second" TargetPath="models/x" />
            <LoraAdapter Include="adapters/pirate" BaseModel="base" />
            <LoraAdapter Include="adapters/pirate" BaseModel="second" />
            """);

        BuildResult failed = await project.BuildAsync("--no-restore");

        Assert.Equal((1, 0), (failed.ExitCode, failed.Workers));
        var error = Assert.Single(failed.Errors);
        Assert.Equal(("LORA1010", project.PathOf("App.csproj")), (error.Code, error.File));
        Assert.All((string[])["'base'", "'second'", "'models/x'"], name => Assert.Contains(name, error.Text, StringComparison.Ordinal));
    }
}
