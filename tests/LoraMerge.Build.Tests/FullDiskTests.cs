namespace LoraMerge.Build.Tests;

/// <summary>A disk without room for the model: a file system of its own, in a mount namespace of its own.</summary>
public sealed class FullDiskTests
{
    [Fact]
    public async Task A_full_disk_is_one_error_and_leaves_no_half_model()
    {
        using TestProject project = TestProject.WithRealWorker();
        Directory.CreateDirectory(project.PathOf("cache"));
        Assert.SkipUnless(await CanMountAsync(project), "Mounting a small file system needs root on Linux.");
        (await project.DotnetAsync(["restore"])).ThrowIfFailed();
        project.Write("full.sh", """
            mount -t tmpfs -o size=48k none cache
            dotnet build -tl:off --no-restore -p:LoraMergeCacheFolder=cache
            echo "ended with $?"
            find cache -name '*.safetensors' -o -name '*.entry' -o -name '*.partial' | sed 's/^/left: /'
            find bin -name '*.safetensors' | sed 's/^/left: /'
            mount -o remount,size=4m cache
            dotnet build -tl:off --no-restore -p:LoraMergeCacheFolder=cache
            echo "ended with $?"
            """);

        BuildResult built = await project.RunAsync("unshare", ["-m", "sh", "full.sh"]);

        Assert.Equal(["ended with 1", "ended with 0"], built.Lines.Where(line => line.StartsWith("ended", StringComparison.Ordinal)));
        Assert.DoesNotContain(built.Lines, line => line.StartsWith("left", StringComparison.Ordinal));
        Assert.Single(built.Lines.Where(line => line.Contains(": error LORA1108: ", StringComparison.Ordinal)).Distinct());
        Assert.True(File.Exists(project.ModelPath()));
    }

    [Fact]
    public async Task An_output_without_room_is_one_error_and_gets_no_half_file()
    {
        using TestProject project = TestProject.WithRealWorker();
        Directory.CreateDirectory(project.PathOf("cache"));
        Assert.SkipUnless(await CanMountAsync(project), "Mounting a small file system needs root on Linux.");
        (await project.DotnetAsync(["restore"])).ThrowIfFailed();
        project.Write("full.sh", """
            mkdir -p bin/Debug/net10.0/models
            mount -t tmpfs -o size=48k none bin/Debug/net10.0/models
            dotnet build -tl:off --no-restore
            echo "ended with $?"
            find bin -name 'model.safetensors*' | sed 's/^/left: /'
            mount -o remount,size=4m bin/Debug/net10.0/models
            dotnet build -tl:off --no-restore
            echo "ended with $?"
            cmp bin/Debug/net10.0/models/base/model.safetensors obj/lora/base-*/model.safetensors && echo "whole at last"
            """);

        BuildResult built = await project.RunAsync("unshare", ["-m", "sh", "full.sh"]);

        Assert.Equal(["ended with 1", "ended with 0"], built.Lines.Where(line => line.StartsWith("ended", StringComparison.Ordinal)));
        Assert.DoesNotContain(built.Lines, line => line.StartsWith("left", StringComparison.Ordinal));
        Assert.Contains("whole at last", built.Lines);
        Assert.Equal(1, built.Merges);
        Assert.Contains(built.Lines, line => line.Contains(": error LORA6006: ", StringComparison.Ordinal));
        Assert.DoesNotContain(built.Lines, line => line.Contains("error MSB", StringComparison.Ordinal));
    }

    private static async Task<bool> CanMountAsync(TestProject project) =>
        OperatingSystem.IsLinux() && (await project.RunAsync("unshare", ["-m", "sh", "-c", "mount -t tmpfs -o size=48k none cache"])).ExitCode == 0;
}
