namespace LoraMerge.Build.Tests;

public sealed class CacheFolderTests
{
    [Fact]
    public async Task A_fresh_clone_with_a_restored_cache_merges_nothing()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.MoveProjectTo("first");
        (await project.BuildAsync("first", $"-p:LoraMergeCacheFolder={project.PathOf("saved")}")).ThrowIfFailed();
        foreach (string sources in (string[])["App.csproj", "Program.cs", "models", "adapters"])
            CopyAsNew(project.PathOf($"first/{sources}"), project.PathOf($"second/{sources}"));
        CopyAsNew(project.PathOf("saved"), project.PathOf("restored"));
        // As tar keeps it.
        foreach (string file in Directory.GetFiles(project.PathOf("restored"), "*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, new DateTime(DateTime.UtcNow.Ticks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, DateTimeKind.Utc));

        project.Write(
            "Directory.Build.targets",
            """<Project><Target Name="Fail" AfterTargets="MergeLoraAdapters" Condition="'$(Fails)' == 'true'"><Error Text="No." /></Target></Project>"""
        );

        BuildResult failed = await project.BuildAsync("second", "-p:Fails=true", $"-p:LoraMergeCacheFolder={project.PathOf("restored")}");
        Assert.Equal(1, failed.ExitCode);
        Assert.Empty(Directory.GetFiles(project.PathOf("second/bin"), "*", SearchOption.AllDirectories));
        BuildResult built = (await project.BuildAsync("second", $"-p:LoraMergeCacheFolder={project.PathOf("restored")}")).ThrowIfFailed();
        BuildResult again = (await project.BuildAsync("second", "--no-restore", $"-p:LoraMergeCacheFolder={project.PathOf("restored")}")).ThrowIfFailed();

        Assert.Equal((0, 0, 0), (failed.Workers, built.Workers, again.Workers));
        Assert.Equal(
            project.HashOf("first/bin/Debug/net10.0/models/base/model.safetensors"),
            project.HashOf("second/bin/Debug/net10.0/models/base/model.safetensors")
        );
    }

    [Fact]
    public async Task Clean_leaves_a_folder_that_the_user_chose()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.Write(
            "Directory.Build.props",
            "<Project><PropertyGroup><LoraMergeCacheFolder>$(MSBuildThisFileDirectory)cache</LoraMergeCacheFolder></PropertyGroup></Project>"
        );
        (await project.BuildAsync()).ThrowIfFailed();
        (await project.DotnetAsync(["clean", "-tl:off"])).ThrowIfFailed();
        Assert.False(File.Exists(project.ModelPath()));

        BuildResult again = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal(0, again.Workers);
        Assert.Single(Directory.GetFiles(project.PathOf("cache"), "*.safetensors", SearchOption.AllDirectories));
        Assert.True(File.Exists(project.ModelPath()));
    }

    [Fact]
    public async Task A_machine_that_cannot_merge_uses_what_is_merged_and_says_what_it_lacks()
    {
        using TestProject project = TestProject.WithFakeWorker();
        (await project.BuildAsync()).ThrowIfFailed();

        BuildResult found = (await project.BuildAsync("--no-restore", "-p:LoraMergeHostRuntime=linux-musl-x64")).ThrowIfFailed();
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        BuildResult failed = await project.BuildAsync("--no-restore", "-p:LoraMergeHostRuntime=linux-musl-x64");

        Assert.Equal(0, found.Workers);
        Assert.Equal((1, 0), (failed.ExitCode, failed.Workers));
        var error = Assert.Single(failed.Errors);
        Assert.Equal("LORA1020", error.Code);
        Assert.All(
            (string[])["linux-musl-x64", "linux-x64", "win-x64", "osx-arm64"],
            runtime => Assert.Contains(runtime, error.Text, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_folder_with_a_limit_makes_room_for_the_next_model_and_a_running_build_keeps_its_own()
    {
        using TestProject project = TestProject.WithRealWorker();
        project.Write("Directory.Build.targets", """
            <Project>
              <Target Name="ClearWhileItBuilds" AfterTargets="Build">
                <Exec Command="dotnet exec &quot;$(LoraMergeWorker)&quot; cache clear cache" />
              </Target>
            </Project>
            """);
        string[] limited = ["-p:LoraMergeCacheFolder=cache", "-p:LoraMergeCacheMaxSize=1KB"];
        BuildResult first = (await project.BuildAsync(limited)).ThrowIfFailed();
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");

        BuildResult second = (await project.BuildAsync(["--no-restore", .. limited])).ThrowIfFailed();

        Assert.All((BuildResult[])[first, second], build => Assert.Contains(build.Lines, line => line.StartsWith("Left: 1 model, ", StringComparison.Ordinal)));
        string kept = Assert.Single(Directory.GetFiles(project.PathOf("cache"), "*.safetensors", SearchOption.AllDirectories));
        Assert.Equal(project.HashOf(project.ModelPath()), project.HashOf(kept));
    }

    [Fact]
    public async Task A_model_that_is_taken_away_before_it_can_be_used_is_merged_again()
    {
        using TestProject project = TestProject.WithFakeWorker();

        BuildResult once = (await project.DotnetAsync(["build", "-tl:off"], new() { ["FAKE_WORKER_BEHAVIOR"] = "evict once" })).ThrowIfFailed();
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        BuildResult always = await project.DotnetAsync(["build", "-tl:off", "--no-restore"], new() { ["FAKE_WORKER_BEHAVIOR"] = "evict" });

        Assert.Equal(2, once.Workers);
        Assert.True(File.Exists(project.ModelPath()));
        Assert.Equal((1, 3), (always.ExitCode, always.Workers));
        Assert.Equal("LORA6005", Assert.Single(always.Errors).Code);
    }

    [Fact]
    public async Task What_comes_from_a_folder_of_others_is_read_before_it_is_shipped_where_that_is_asked_for()
    {
        using TestProject project = TestProject.WithRealWorker();
        string[] shared = ["-p:LoraMergeCacheFolder=cache", "-p:LoraMergeVerify=full"];
        (await project.BuildAsync(shared)).ThrowIfFailed();
        string whole = project.HashOf(project.ModelPath());
        string stored = Assert.Single(Directory.GetFiles(project.PathOf("cache"), "*.safetensors", SearchOption.AllDirectories));
        DateTime time = File.GetLastWriteTimeUtc(stored);
        byte[] bytes = await File.ReadAllBytesAsync(stored, TestContext.Current.CancellationToken);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(stored, bytes, TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(stored, time);
        Directory.Delete(project.PathOf("bin"), recursive: true);

        BuildResult again = (await project.BuildAsync(["--no-restore", .. shared])).ThrowIfFailed();
        BuildResult third = (await project.BuildAsync(["--no-restore", .. shared])).ThrowIfFailed();

        Assert.Equal((1, 0), (again.Merges, third.Workers));
        Assert.Equal(whole, project.HashOf(project.ModelPath()));
    }

    private static void CopyAsNew(string source, string target)
    {
        if (File.Exists(source))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllBytes(target, File.ReadAllBytes(source));
            return;
        }
        foreach (string entry in Directory.GetFileSystemEntries(source))
            CopyAsNew(entry, Path.Combine(target, Path.GetFileName(entry)));
    }
}
