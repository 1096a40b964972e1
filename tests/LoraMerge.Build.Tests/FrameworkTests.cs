namespace LoraMerge.Build.Tests;

public sealed class FrameworkTests
{
    [Fact]
    public async Task Older_frameworks_get_the_same_model()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.Write("Program.cs", "public static class Program { public static void Main() { } }");
        project.WriteProject(
            properties: "<TargetFrameworks>net48;netstandard2.0</TargetFrameworks><OutputType Condition=\"'$(TargetFramework)' == "
                + "'netstandard2.0'\">Library</OutputType>"
        );

        BuildResult built = (await project.BuildAsync()).ThrowIfFailed();
        BuildResult again = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal((1, 0), (built.Merges, again.Workers));
        Assert.True(File.Exists(project.PathOf("bin/Debug/net48/App.exe")));
        Assert.Equal(project.HashOf(project.ModelPath(framework: "net48")), project.HashOf(project.ModelPath(framework: "netstandard2.0")));
    }

    [Fact]
    public async Task An_FSharp_app_gets_the_same_model()
    {
        using TestProject project = TestProject.WithFakeWorker();
        File.Delete(project.PathOf("App.csproj"));
        project.Write("Program.fs", "[<EntryPoint>]\nlet main _ = 0\n");
        project.WriteProject(
            TestProject.ReadmeItems + "<Compile Include=\"Program.fs\" />",
            file: "App.fsproj",
            properties: "<TargetFramework>net10.0</TargetFramework><SatelliteResourceLanguages>en</SatelliteResourceLanguages>"
        );

        BuildResult built = (await project.BuildAsync()).ThrowIfFailed();

        Assert.Equal(1, built.Merges);
        Assert.True(File.Exists(project.ModelPath()));
        Assert.True(File.Exists(project.ModelPath("config.json")));
        Assert.True(File.Exists(project.PathOf("obj/Debug/net10.0/App.fsproj.lora.base.state")));
    }
}
