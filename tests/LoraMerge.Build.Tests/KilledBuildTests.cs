using System.Diagnostics;
using System.Globalization;

namespace LoraMerge.Build.Tests;

/// <summary>Builds that are ended while the real worker merges. What it merges would take a minute.</summary>
public sealed class KilledBuildTests(KilledBuildTests.BuiltProject built) : IClassFixture<KilledBuildTests.BuiltProject>
{
    [Fact]
    public async Task An_interrupt_ends_build_and_worker_and_keeps_the_earlier_model()
    {
        TestProject project = await built.GetAsync();
        string weights = project.HashOf(project.ModelPath());

        (BuildResult ended, int worker) = await EndAsync(project, (build, _) => Send("INT", build));
        Assert.Equal(1, ended.ExitCode);
        await AssertGoneAsync(worker);
        AssertNothingMerged(project, weights);

        project.WriteProject(SlowModel.QuickItems("0.25"));
        BuildResult next = (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        Assert.Equal(1, next.Merges);
        Assert.NotEqual(weights, project.HashOf(project.ModelPath()));
        AssertSwept(project);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("KILL")]
    public async Task A_build_that_is_killed_takes_its_worker_along_and_the_next_sweeps_up(string signal)
    {
        TestProject project = await built.GetAsync();
        string weights = project.HashOf(project.ModelPath());

        (_, int worker) = await EndAsync(project, (build, _) => Send(signal, build));
        await AssertGoneAsync(worker);
        AssertNothingMerged(project, weights);
        // A worker whose last line nobody took may have found that out first, and swept up itself; so something is left that surely was not swept.
        Directory.CreateDirectory(project.PathOf("obj/lora/slow.0123456789abcdef0123456789abcdef.partial"));

        project.WriteProject(SlowModel.QuickItems("0.25"));
        BuildResult next = (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        Assert.Equal(1, next.Merges);
        AssertSwept(project);
    }

    [Fact]
    public async Task A_worker_that_the_system_kills_is_one_error()
    {
        TestProject project = await built.GetAsync();
        string weights = project.HashOf(project.ModelPath());

        (BuildResult failed, _) = await EndAsync(project, (_, worker) => Send("KILL", worker));

        Assert.Equal(1, failed.ExitCode);
        Assert.Equal("LORA6004", Assert.Single(failed.Errors).Code);
        AssertNothingMerged(project, weights);
    }

    private static async Task<(BuildResult Result, int Worker)> EndAsync(TestProject project, Action<int, int> end)
    {
        int worker = 0;
        BuildResult result = await project.DotnetAsync(["build", "-tl:off", "--no-restore"], onLine: (process, line) =>
        {
            if (worker != 0 || !line.Contains("App: Merging ", StringComparison.Ordinal))
                return;
            worker = Assert.Single(ChildrenOf(process.Id), child => CommandLineOf(child).Contains("lora-merge.dll", StringComparison.Ordinal));
            end(process.Id, worker);
        });
        Assert.NotEqual(0, worker);
        return (result, worker);
    }

    private static void AssertNothingMerged(TestProject project, string weights)
    {
        Assert.Equal(weights, project.HashOf(project.ModelPath()));
        Assert.Single(Directory.GetFiles(project.PathOf("obj/lora"), "*.entry"));
    }

    private static void AssertSwept(TestProject project) => Assert.Empty(Directory.GetDirectories(project.PathOf("obj/lora"), "*.partial"));

    // Far less than the merge would take, so what ended in that time was ended.
    private static async Task AssertGoneAsync(int worker)
    {
        for (int i = 0; i < 100 && CommandLineOf(worker).Contains("lora-merge.dll", StringComparison.Ordinal); i++)
            await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.DoesNotContain("lora-merge.dll", CommandLineOf(worker), StringComparison.Ordinal);
    }

    private static IEnumerable<int> ChildrenOf(int process)
    {
        foreach (string folder in Directory.GetDirectories("/proc").Where(folder => Path.GetFileName(folder).All(char.IsAsciiDigit)))
        {
            string text = Read(Path.Combine(folder, "stat"));
            // "pid (name) state parent": the name may hold anything.
            if (text.Length > 0 && text[(text.LastIndexOf(')') + 2)..].Split(' ')[1] == process.ToString(CultureInfo.InvariantCulture))
                yield return int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);
        }
    }

    private static string CommandLineOf(int process) => Read($"/proc/{process}/cmdline");

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static void Send(string signal, int process)
    {
        using Process kill = Process.Start("kill", ["-" + signal, process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public sealed class BuiltProject : IAsyncLifetime
    {
        private TestProject? _project;

        /// <summary>A project whose model is up to date, and whose next build would merge for a minute.</summary>
        internal async Task<TestProject> GetAsync()
        {
            Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent by 'kill', and processes found in /proc.");
            bool isFirst = _project is null;
            _project ??= TestProject.WithRealWorker();
            if (isFirst)
                SlowModel.WriteTo(_project);
            _project.WriteProject(SlowModel.QuickItems("0.5"));
            (await _project.BuildAsync(isFirst ? [] : ["--no-restore"])).ThrowIfFailed();
            _project.WriteProject(SlowModel.SlowItems);
            return _project;
        }

        public ValueTask InitializeAsync() => ValueTask.CompletedTask;

        public ValueTask DisposeAsync()
        {
            _project?.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
