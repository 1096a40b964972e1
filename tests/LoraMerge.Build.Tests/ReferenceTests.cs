namespace LoraMerge.Build.Tests;

/// <summary>A model of a library in the apps and tests that reference it.</summary>
public sealed class ReferenceTests
{
    private const string Model = "models/base/model.safetensors";

    [Fact]
    public async Task A_model_of_a_library_reaches_the_app_over_another_library()
    {
        using TestProject project = LibraryMiddleAndApp();

        BuildResult built = (await project.BuildAsync("app")).ThrowIfFailed();
        Assert.Equal(1, built.Merges);
        string weights = project.HashOf($"lib/bin/Debug/net10.0/{Model}");
        Assert.Equal(weights, project.HashOf($"mid/bin/Debug/net10.0/{Model}"));
        Assert.Equal(weights, project.HashOf($"app/bin/Debug/net10.0/{Model}"));
        Assert.Empty(Directory.GetFileSystemEntries(project.PathOf("app/obj"), "lora*"));

        BuildResult alone = (await project.BuildAsync("app", "--no-restore", "--no-dependencies")).ThrowIfFailed();
        Assert.Equal(0, alone.Workers);
        Assert.Equal(weights, project.HashOf($"app/bin/Debug/net10.0/{Model}"));

        BuildResult ran = (await project.RunAsync("dotnet", ["run", "--no-restore", "--project", "app"])).ThrowIfFailed();
        Assert.Equal(0, ran.FakesStarted);
        Assert.Contains(weights, ran.Output, StringComparison.Ordinal);

        project.ChangeWeights("lib/adapters/pirate/adapter_model.safetensors");
        BuildResult changed = (await project.BuildAsync("app", "--no-restore")).ThrowIfFailed();
        Assert.Equal(1, changed.Merges);
        Assert.NotEqual(weights, project.HashOf($"app/bin/Debug/net10.0/{Model}"));
        Assert.Equal(project.HashOf($"lib/bin/Debug/net10.0/{Model}"), project.HashOf($"app/bin/Debug/net10.0/{Model}"));
    }

    [Fact]
    public async Task Publishing_an_app_without_a_build_takes_the_model_of_its_library_or_asks_for_a_build()
    {
        using TestProject project = LibraryMiddleAndApp();
        (await project.BuildAsync("app", "-c", "Release")).ThrowIfFailed();

        BuildResult published = (await project.DotnetAsync(["publish", "app", "-tl:off", "--no-build", "-o", "out"])).ThrowIfFailed();
        Assert.Equal(0, published.Workers);
        Assert.Equal(project.HashOf($"lib/bin/Release/net10.0/{Model}"), project.HashOf($"out/{Model}"));

        Directory.Delete(project.PathOf("lib/obj/lora"), recursive: true);
        BuildResult refused = await project.DotnetAsync(["publish", "app", "-tl:off", "--no-build", "-o", "out"]);
        Assert.Equal((1, 0), (refused.ExitCode, refused.Workers));
        var error = Assert.Single(refused.Errors);
        Assert.Equal(("LORA6001", project.PathOf("lib/App.csproj")), (error.Code, error.File));
    }

    [Fact]
    public async Task A_reference_can_say_no_to_the_model()
    {
        using TestProject project = LibraryMiddleAndApp();
        project.WritePlainProject("app/Exe.csproj", """<ProjectReference Include="../lib/App.csproj" Private="false" />""", "<OutputType>Exe</OutputType>");

        (await project.BuildAsync("app")).ThrowIfFailed();

        Assert.True(File.Exists(project.PathOf($"lib/bin/Debug/net10.0/{Model}")));
        Assert.False(Directory.Exists(project.PathOf("app/bin/Debug/net10.0/models")));
    }

    [Fact]
    public async Task A_test_project_finds_the_model_of_the_app()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.MoveProjectTo("app");
        project.Write("global.json", """{ "test": { "runner": "Microsoft.Testing.Platform" } }""");
        project.WritePlainProject(
            "tests/Tests.csproj",
            $"""<ProjectReference Include="../app/App.csproj" /><PackageReference Include="xunit.v3" Version="{Feed.XunitVersion}" />""",
            "<OutputType>Exe</OutputType>"
        );
        project.Write(
            "tests/ModelTests.cs",
            $$"""
            public class ModelTests
            {
                [Xunit.Fact]
                public void The_model_is_beside_the_test() => Xunit.Assert.True(System.IO.File.Exists(System.IO.Path.Combine(System.AppContext.BaseDirectory,
                    "{{Model}}")));
            }
            """);

        BuildResult tested = (await project.RunAsync("dotnet", ["test", "--project", "tests/Tests.csproj"])).ThrowIfFailed();

        Assert.Equal(1, tested.FakesStarted);
        Assert.Contains(tested.Lines, line => line == "succeeded: 1");
    }

    // The folders are lib, mid and app; lib/App.csproj has the model and the package, the others know nothing of it.
    private static TestProject LibraryMiddleAndApp()
    {
        TestProject project = TestProject.WithFakeWorker();
        project.MoveProjectTo("lib");
        project.Write("lib/Program.cs", "public class Library;");
        project.WriteProject(properties: "<TargetFramework>net10.0</TargetFramework><OutputType>Library</OutputType>", file: "lib/App.csproj");
        project.WritePlainProject("mid/Mid.csproj", """<ProjectReference Include="../lib/App.csproj" />""");
        project.WritePlainProject("app/Exe.csproj", """<ProjectReference Include="../mid/Mid.csproj" />""", "<OutputType>Exe</OutputType>");
        project.Write("app/Program.cs", $"""
            byte[] model = System.IO.File.ReadAllBytes(System.IO.Path.Combine(System.AppContext.BaseDirectory, "{Model}"));
            System.Console.WriteLine(System.Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(model)));
            """);
        return project;
    }
}
