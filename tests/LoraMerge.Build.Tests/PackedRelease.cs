using System.Diagnostics;
using System.IO.Compression;
using LoraMerge.Tests;

namespace LoraMerge.Build.Tests;

/// <summary>The packages beside LoraMerge.Build, as one command at the repository's root packs them; packed once, when a test asks.</summary>
public sealed class PackedRelease : IAsyncLifetime
{
    /// <summary>A source of packages, to be used beside <see cref="Feed.Folder"/>.</summary>
    internal static string Folder { get; } = Path.Combine(Feed.Folder, "release");

    /// <summary>All packages of a release, from both folders.</summary>
    internal static IEnumerable<string> Packages => Directory.EnumerateFiles(Folder, "*.nupkg").Concat(Directory.EnumerateFiles(Feed.Folder, "*.nupkg"));

    /// <summary>All that a release packs but for LoraMerge.Build, which has a nuspec and was packed when this test project was built.</summary>
    private static IEnumerable<string> Projects =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "templates"), "*.csproj"))
            .Where(project => File.ReadAllText(project) is { } text
                && text.Contains("<IsPackable>true", StringComparison.Ordinal) && !text.Contains("<NuspecFile>", StringComparison.Ordinal));

    public async ValueTask InitializeAsync()
    {
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        foreach (string project in Projects)
            await PackAsync(project, configuration);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>A file of a package as text; null where it is not there.</summary>
    internal static string? Read(string package, string file)
    {
        using ZipArchive archive = ZipFile.OpenRead(package);
        if (archive.GetEntry(file) is not { } entry)
            return null;
        using var reader = new StreamReader(entry.Open());
        return reader.ReadToEnd();
    }

    private static async Task PackAsync(string project, string configuration)
    {
        var start = new ProcessStartInfo("dotnet", [
            "pack", project, "-c", configuration, "-o", Folder, "-tl:off", $"-p:PackageVersion={Feed.Version}",
            $"-p:LoraMergeRuntimes={ReleaseTests.Runtime}",
        ])
        {
            RedirectStandardOutput = true,
        };
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        CommandTemp.Set(start.Environment);
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, output);
    }
}
