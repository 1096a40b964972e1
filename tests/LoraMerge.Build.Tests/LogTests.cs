using Microsoft.Build.Logging.StructuredLogger;
using Task = System.Threading.Tasks.Task;

namespace LoraMerge.Build.Tests;

/// <summary>What a build says: live, and in the binary log.</summary>
public sealed class LogTests
{
    private static readonly Dictionary<string, string> s_waiting = new() { ["FAKE_WORKER_BEHAVIOR"] = "wait" };

    [Fact]
    public async Task The_binary_log_tells_what_was_merged_why_how_and_how_long()
    {
        using TestProject project = TestProject.WithRealWorker();
        (await project.BuildAsync()).ThrowIfFailed();
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");

        BuildResult changed = (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        BuildResult idle = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal(["adapters/pirate"], ItemsOf(changed, "LoraAdapter"));
        Assert.Equal(["models/base"], ItemsOf(changed, "LoraBaseModel"));
        var task = Assert.Single(changed.Tasks("MergeLoraAdapters"));
        Assert.Contains(
            task.FindChildrenRecursive<Message>(),
            message => message.Text == $"'base' is merged because '{project.PathOf("adapters/pirate/adapter_model.safetensors")}' has changed."
        );
        Assert.Contains(task.FindChildrenRecursive<Message>(), message => message.Text.StartsWith("App: Merged base: ", StringComparison.Ordinal));
        string line = Assert.Single(changed.CommandLines);
        Assert.Contains("lora-merge.dll\" merge \"@", line, StringComparison.Ordinal);
        Assert.Contains("App.csproj.lora.base.rsp\"", line, StringComparison.Ordinal);
        Assert.InRange(task.Duration, TimeSpan.FromTicks(1), changed.Log.Duration);

        Assert.Single(idle.Tasks("MergeLoraAdapters"));
        Assert.Empty(idle.CommandLines);
        Assert.DoesNotContain(idle.Log.FindChildrenRecursive<Message>(), message => message.Text.Contains("is merged because", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Progress_is_told_while_a_merge_takes_long()
    {
        using TestProject project = TestProject.WithFakeWorker();
        int linesSeen = 0;

        BuildResult built = (await project.DotnetAsync(["build", "-tl:off"], s_waiting, (_, line) =>
        {
            if (!line.Contains("10 % of 4.0 GB", StringComparison.Ordinal))
                return;
            linesSeen++;
            project.Write("worker.log.go", "");
        })).ThrowIfFailed();

        Assert.Equal((1, 1), (linesSeen, built.Merges));
    }

    [Fact]
    public async Task A_terminal_shows_the_target_while_it_merges_and_errors_with_their_code()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/script"), "'script' of util-linux makes a terminal.");
        using TestProject project = TestProject.WithFakeWorker();
        (await project.DotnetAsync(["restore"])).ThrowIfFailed();
        bool isSeen = false;

        BuildResult built = (await project.RunAsync("script", ["-qec", "dotnet build -tl:on --no-restore", "/dev/null"], s_waiting, (_, line) =>
        {
            if (isSeen || !line.Contains("MergeLoraAdapters", StringComparison.Ordinal))
                return;
            isSeen = true;
            project.Write("worker.log.go", "");
        })).ThrowIfFailed();
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        BuildResult refused = await project.RunAsync(
            "script",
            ["-qec", "dotnet build -tl:on --no-restore", "/dev/null"],
            new() { ["FAKE_WORKER_BEHAVIOR"] = "refuse" }
        );

        Assert.True(isSeen, built.Output);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("LORA3001", refused.Output, StringComparison.Ordinal);
        Assert.Contains("(9,57)", refused.Output, StringComparison.Ordinal);
        Assert.Contains("the fake refuses 'Äpfel'.", refused.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_sees_adapters_when_it_is_told_to()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.WriteProject(TestProject.ReadmeItems + """<Watch Include="adapters/**" />""");
        (await project.DotnetAsync(["restore"])).ThrowIfFailed();

        BuildResult listed = (await project.RunAsync("dotnet", ["watch", "--list"])).ThrowIfFailed();

        Assert.Contains(project.PathOf("adapters/pirate/adapter_model.safetensors"), listed.Lines);
        Assert.Equal(0, listed.FakesStarted);
    }

    private static IEnumerable<string> ItemsOf(BuildResult build, string type) =>
        build.Log.FindChildrenRecursive<ProjectEvaluation>()
            .SelectMany(evaluation => evaluation.FindChildrenRecursive<AddItem>(items => items.Name == type))
            .SelectMany(items => items.Children.OfType<Item>())
            .Select(item => item.Text).Distinct();
}
