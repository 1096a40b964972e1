using System.Diagnostics;
using LoraMerge.Tests;

namespace LoraMerge.Build.Tests;

/// <summary>The command line as 'dotnet publish' makes it, moved to where nothing of the repository is.</summary>
public sealed class PublishedToolTests
{
    [Fact]
    public async Task A_published_tool_merges_wherever_it_is_moved()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only there the libraries' folder of the tests is known to be complete.");
        string folder = Directory.CreateTempSubdirectory("lora-merge-tool-").FullName;
        string moved = Path.Combine(folder, "moved"), fixtures = Path.Combine(AppContext.BaseDirectory, "fixtures");
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        await Run("publish", Path.Combine(Repository.Root, "src", "LoraMerge.Cli"), "--no-build", "-c", configuration, "-o", Path.Combine(folder, "tool"),
            "-nodeReuse:false");
        Directory.Move(Path.Combine(folder, "tool"), moved);

        string output = await Run("exec", Path.Combine(moved, "lora-merge.dll"), "merge",
            "--base=" + Path.Combine(fixtures, "base"), "--adapter=" + Path.Combine(fixtures, "adapter"), "--output=" + Path.Combine(folder, "merged"),
                "--device=cpu");

        Assert.Contains("Merged base: 14 of 21 tensors changed", output, StringComparison.Ordinal);
        // Which would name a folder of the repository.
        Assert.DoesNotContain(Directory.EnumerateFiles(moved), file => file.EndsWith(".natives", StringComparison.Ordinal));
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<string> Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        CommandTemp.Set(start.Environment);
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output + await error);
        return output;
    }
}
