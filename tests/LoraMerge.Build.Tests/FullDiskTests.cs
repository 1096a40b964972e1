namespace LoraMerge.Build.Tests;

/// <summary>A disk without room for the model: a file system of its own, in a mount namespace of its own.</summary>
public sealed class FullDiskTests
{
    /// <remarks>Room for all bytes but not for the second weight file: that is how a disk looks that something else fills during the merge.</remarks>
    [Fact]
    public async Task A_full_disk_is_one_error_and_leaves_no_half_model()
    {
        using TestProject project = await RestoredAsync(
            """<LoraBaseModel Include="models/base" MaxShardSize="30KB" /><LoraAdapter Include="adapters/pirate" />"""
        );

        BuildResult built = await RunAsync(project, """
            mount -t tmpfs -o size=48k none cache
            build -p:LoraMergeCacheFolder=cache
            mount -o remount,size=4m,nr_inodes=5 cache
            build -p:LoraMergeCacheFolder=cache
            find cache -name '*.safetensors' -o -name '*.entry' -o -name '*.partial' | sed 's/^/left: /'
            find bin -name '*.safetensors' | sed 's/^/left: /'
            mount -o remount,nr_inodes=1000 cache
            build -p:LoraMergeCacheFolder=cache
            """);

        Assert.Equal(["ended with 1", "ended with 1", "ended with 0"], Endings(built));
        Assert.DoesNotContain(built.Lines, line => line.StartsWith("left", StringComparison.Ordinal));
        string[] errors = [.. built.Lines.Where(line => line.Contains(": error ", StringComparison.Ordinal)).Distinct()];
        Assert.Equal(2, errors.Length);
        Assert.Contains(": error LORA1108: ", errors[0], StringComparison.Ordinal);
        Assert.Contains(": error LORA1109: ", errors[1], StringComparison.Ordinal);
        Assert.Contains("model-00002-of-00002.safetensors' cannot be written: No space left on device", errors[1], StringComparison.Ordinal);
        Assert.True(File.Exists(project.ModelPath("model-00002-of-00002.safetensors")));
    }

    [Fact]
    public async Task An_output_without_room_is_one_error_and_gets_no_half_file()
    {
        using TestProject project = await RestoredAsync(TestProject.ReadmeItems);

        BuildResult built = await RunAsync(project, """
            mkdir -p bin/Debug/net10.0/models
            mount -t tmpfs -o size=48k none bin/Debug/net10.0/models
            build
            find bin -name 'model.safetensors*' | sed 's/^/left: /'
            mount -o remount,size=4m bin/Debug/net10.0/models
            build
            cmp bin/Debug/net10.0/models/base/model.safetensors obj/lora/base-*/model.safetensors && echo "whole at last"
            """);

        Assert.Equal(["ended with 1", "ended with 0"], Endings(built));
        Assert.DoesNotContain(built.Lines, line => line.StartsWith("left", StringComparison.Ordinal));
        Assert.Contains("whole at last", built.Lines);
        Assert.Equal(1, built.Merges);
        Assert.Contains(built.Lines, line => line.Contains(": error LORA6006: ", StringComparison.Ordinal));
        Assert.DoesNotContain(built.Lines, line => line.Contains("error MSB", StringComparison.Ordinal));
    }

    /// <summary>A project with an empty folder 'cache'; the test is skipped where nothing can be mounted there.</summary>
    private static async Task<TestProject> RestoredAsync(string items)
    {
        TestProject project = TestProject.WithRealWorker();
        project.WriteProject(items);
        Directory.CreateDirectory(project.PathOf("cache"));
        bool canMount =
            OperatingSystem.IsLinux() && (await project.RunAsync("unshare", ["-m", "sh", "-c", "mount -t tmpfs -o size=48k none cache"])).ExitCode == 0;
        Assert.SkipUnless(canMount, "Mounting a small file system needs root on Linux.");
        (await project.DotnetAsync(["restore"])).ThrowIfFailed();
        return project;
    }

    /// <summary>Runs a script in a mount namespace of its own, in which 'build' builds the project and says how that ended.</summary>
    private static Task<BuildResult> RunAsync(TestProject project, string script)
    {
        project.Write("full.sh", "build() { dotnet build -tl:off --no-restore \"$@\"; echo \"ended with $?\"; }\n" + script);
        return project.RunAsync("unshare", ["-m", "sh", "full.sh"]);
    }

    private static IEnumerable<string> Endings(BuildResult built) => built.Lines.Where(line => line.StartsWith("ended", StringComparison.Ordinal));
}
