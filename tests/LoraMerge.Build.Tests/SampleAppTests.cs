using System.Diagnostics;
using System.Text.Json;
using LoraMerge.Tests;

namespace LoraMerge.Build.Tests;

/// <summary>The sample as a user has it: outside the repository, with the packed package.</summary>
public sealed class SampleAppTests
{
    [Fact]
    public async Task The_sample_built_against_the_package_speaks_like_a_pirate()
    {
        using TestProject project = TestProject.WithRealWorker();
        TakePlaceOf(project);

        BuildResult first = await project.DotnetAsync(["build", "-tl:off"]);
        BuildResult second = await project.DotnetAsync(["build", "-tl:off"]);
        string said = await RunAsync(project.PathOf("bin/Debug/net10.0/sample-app.dll"));

        Assert.True(first.ExitCode == 0, first.Output);
        Assert.Equal((2, 0), (first.Merges, second.Merges));
        foreach (string model in (string[])["base", "pirate", "space"])
            Assert.Contains(ExpectedStory(model), said, StringComparison.Ordinal);
    }

    /// <summary>Puts the sample into the place of a project.</summary>
    internal static void TakePlaceOf(TestProject project)
    {
        File.Delete(project.PathOf("App.csproj"));
        File.Delete(project.PathOf("Program.cs"));
        Directory.Delete(project.PathOf("models"), recursive: true);
        Directory.Delete(project.PathOf("adapters"), recursive: true);
        CopySample(project);
    }

    /// <summary>What the sample says.</summary>
    internal static async Task<string> RunAsync(string app)
    {
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [app]) { RedirectStandardOutput = true })!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output;
    }

    private static void CopySample(TestProject project)
    {
        string sample = Path.Combine(Repository.Root, "sample-app");
        foreach (string file in Directory.EnumerateFiles(sample, "*", SearchOption.AllDirectories))
        {
            string relativePath = Path.GetRelativePath(sample, file);
            // What only the repository has, and what it built.
            if (
                relativePath.StartsWith("Directory.", StringComparison.Ordinal)
                || relativePath == "packages.lock.json"
                || relativePath.Split(Path.DirectorySeparatorChar)[0] is "bin" or "obj"
            )
                continue;
            Directory.CreateDirectory(Path.GetDirectoryName(project.PathOf(relativePath))!);
            File.Copy(file, project.PathOf(relativePath));
        }
        string versions = File.ReadAllText(Path.Combine(sample, "..", "Directory.Packages.props"));
        project.Write(
            "Directory.Packages.props",
            versions
                .Replace("<ItemGroup>", $"""<ItemGroup><PackageVersion Include="LoraMerge.Build" Version="{Feed.Version}" />""", StringComparison.Ordinal)
                .Replace("""<PackageVersion Include="TorchSharp" Version="$(TorchSharpVersion)" />""", "", StringComparison.Ordinal)
        );
        project.Write(
            "Directory.Build.props",
            "<Project><PropertyGroup><ImplicitUsings>enable</ImplicitUsings><Nullable>enable</Nullable></PropertyGroup></Project>"
        );
    }

    private static string ExpectedStory(string model)
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "tests", "fixtures", "greedy.json")));
        return expected.RootElement.GetProperty(model).GetProperty("text").GetString()!;
    }
}
