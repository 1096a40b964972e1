using System.Globalization;

namespace LoraMerge.Build.Tests;

/// <summary>How the model's files get to the output, with the real worker.</summary>
public sealed class PlacedFileTests
{
    private static readonly string[] s_copies = ["Copying file from", "Creating hard link", "Cloned '", "Linked '", "Copied '"];

    [Fact]
    public async Task Large_files_share_the_disk_with_the_store_and_are_placed_once()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Links are counted by 'stat'.");
        using TestProject project = TestProject.WithRealWorker();

        BuildResult first = (await project.BuildAsync()).ThrowIfFailed();
        BuildResult second = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        // Where the file system can clone, that is as cheap and no link is needed.
        int expected = (await project.RunAsync("cp", ["--reflink=always", "Program.cs", "clone.txt"])).ExitCode == 0 ? 1 : 2;
        Assert.Equal(expected, await LinksOfAsync(project, project.ModelPath()));
        Assert.Equal(1, await LinksOfAsync(project, project.ModelPath("config.json")));
        Assert.Contains(Copies(first), text => text.Contains("models/base", StringComparison.Ordinal));
        Assert.DoesNotContain(Copies(second), text => text.Contains("models/base", StringComparison.Ordinal));

        (await project.BuildAsync("--no-restore", "-p:LoraMergeUseHardLinks=false", "-p:OutDir=copied/")).ThrowIfFailed();
        Assert.Equal(1, await LinksOfAsync(project, "copied/models/base/model.safetensors"));

        (await project.BuildAsync("--no-restore", "-p:LoraMergeCacheFolder=cache", "-p:OutDir=shared/")).ThrowIfFailed();
        Assert.Equal(1, await LinksOfAsync(project, "shared/models/base/model.safetensors"));
    }

    [Fact]
    public async Task On_another_volume_files_are_copied_once()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "/dev/shm is another volume.");
        using TestProject project = TestProject.WithRealWorker();
        string other = Directory.CreateDirectory($"/dev/shm/{Path.GetFileName(project.Folder)}").FullName;
        try
        {
            (await project.BuildAsync("-o", other)).ThrowIfFailed();
            BuildResult second = (await project.BuildAsync("--no-restore", "-o", other)).ThrowIfFailed();

            string stored = Directory.GetFiles(project.PathOf("obj/lora"), "model.safetensors", SearchOption.AllDirectories).Single();
            Assert.Equal(project.HashOf(stored), project.HashOf(Path.Combine(other, "models/base/model.safetensors")));
            Assert.Equal(1, await LinksOfAsync(project, stored));
            Assert.DoesNotContain(Copies(second), text => text.Contains("models/base", StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(other, recursive: true);
        }
    }

    private static IEnumerable<string> Copies(BuildResult build) =>
        build
            .Log.FindChildrenRecursive<Microsoft.Build.Logging.StructuredLogger.Message>(message =>
                s_copies.Any(copy => message.Text.StartsWith(copy, StringComparison.Ordinal))
            )
            .Select(message => message.Text);

    private static async Task<int> LinksOfAsync(TestProject project, string path) =>
        int.Parse((await project.RunAsync("stat", ["-c", "%h", project.PathOf(path)])).ThrowIfFailed().Output, CultureInfo.InvariantCulture);
}
