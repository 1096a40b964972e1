namespace LoraMerge.Build.Tests;

/// <summary>How large files come from the store into the output, on file systems that have each way.</summary>
public sealed class FileSystemTests
{
    private const int ModelLength = 40_000_000;

    [Theory]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public async Task Where_files_can_be_cloned_a_model_takes_its_place_once_and_no_copy_can_harm_another(string kind)
    {
        using OwnFileSystem disk = OwnFileSystem.Create(kind);
        using TestProject project = WithLargeModel(disk);

        await PublishWithoutASecondCopyAsync(project, disk);
        string whole = project.HashOf(project.ModelPath());
        DamageInPlace(project.ModelPath());
        BuildResult rebuilt = await project.BuildAsync();

        Assert.Equal(whole, project.HashOf("published/models/base/model.safetensors"));
        Assert.Equal((0, 0), (rebuilt.ExitCode, rebuilt.Merges));
        Assert.Equal(whole, project.HashOf(project.ModelPath()));
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("tmpfs")]
    public async Task Where_files_can_be_linked_only_a_model_takes_its_place_once(string kind)
    {
        using OwnFileSystem disk = OwnFileSystem.Create(kind);
        using TestProject project = WithLargeModel(disk);

        await PublishWithoutASecondCopyAsync(project, disk);

        Assert.Equal(project.HashOf(project.ModelPath()), project.HashOf("published/models/base/model.safetensors"));
    }

    [Fact]
    public async Task From_a_folder_that_others_use_nothing_is_linked()
    {
        using OwnFileSystem disk = OwnFileSystem.Create("ext4");
        using TestProject project = WithLargeModel(disk);

        BuildResult built = await project.BuildAsync("-p:LoraMergeCacheFolder=../others");
        DamageInPlace(project.ModelPath());
        BuildResult rebuilt = await project.BuildAsync("-p:LoraMergeCacheFolder=../others");

        Assert.True(built.ExitCode == 0, built.Output);
        Assert.Equal((0, 0), (rebuilt.ExitCode, rebuilt.Merges));
    }

    [Fact]
    public async Task A_restored_store_and_a_fresh_checkout_are_read_once()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Reads /proc.");
        using OwnFileSystem disk = OwnFileSystem.Create("ext4");
        using TestProject project = WithLargeModel(disk);
        (await project.BuildAsync("-p:LoraMergeCacheFolder=cache")).ThrowIfFailed();
        foreach (string folder in (string[])["bin", "obj/Debug"])
            Directory.Delete(project.PathOf(folder), recursive: true);
        foreach (string file in Directory.EnumerateFiles(project.Folder, "*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddMinutes(-1));
        // The system's own time of a change is now; what has just changed is read once more by the next build.
        await Task.Delay(TimeSpan.FromSeconds(2.5), TestContext.Current.CancellationToken);

        long restored = await BytesReadByBuild(project);
        long nothingToDo = await BytesReadByBuild(project);

        Assert.InRange(restored - nothingToDo, 2 * ModelLength, 2.5 * ModelLength);
        Assert.True(File.Exists(project.ModelPath()));
    }

    /// <summary>Builds and publishes: three folders have the model then.</summary>
    private static async Task PublishWithoutASecondCopyAsync(TestProject project, OwnFileSystem disk)
    {
        long used = disk.UsedBytes;
        (await project.DotnetAsync(["publish", "-tl:off", "-c", "Debug", "-o", "published"])).ThrowIfFailed();
        Assert.InRange(disk.UsedBytes - used, ModelLength, ModelLength * 3 / 2);
    }

    private static async Task<long> BytesReadByBuild(TestProject project)
    {
        BuildResult built = await project.RunAsync("sh", ["-c", "dotnet build -tl:off --no-restore -p:LoraMergeCacheFolder=cache && cat /proc/$$/io"]);
        Assert.Equal((0, 0), (built.ExitCode, built.Merges));
        return long.Parse(
            built.Output.Split('\n').Single(line => line.StartsWith("rchar: ", StringComparison.Ordinal))[7..],
            System.Globalization.CultureInfo.InvariantCulture
        );
    }

    private static TestProject WithLargeModel(OwnFileSystem disk)
    {
        TestProject project = TestProject.WithFakeWorker(disk.Folder);
        byte[] weights = new byte[ModelLength];
        new Random(1).NextBytes(weights); // neither holes nor anything to compress
        File.WriteAllBytes(project.PathOf("models/base/model.safetensors"), weights);
        return project;
    }

    private static void DamageInPlace(string file)
    {
        using FileStream stream = File.OpenWrite(file);
        stream.WriteByte(0xFF);
    }
}
