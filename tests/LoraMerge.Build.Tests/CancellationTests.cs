using System.Diagnostics;
using System.Globalization;

namespace LoraMerge.Build.Tests;

public sealed class CancellationTests
{
    [Fact]
    public async Task An_interrupt_kills_a_worker_that_hangs()
    {
        Assert.SkipUnless(!OperatingSystem.IsWindows(), "Signals are sent by 'kill'.");
        using TestProject project = TestProject.WithFakeWorker();

        BuildResult interrupted = await project.DotnetAsync(["build", "-tl:off"], new() { ["FAKE_WORKER_BEHAVIOR"] = "hang" }, (process, line) =>
        {
            if (line.Contains("Merging ", StringComparison.Ordinal))
                Send("INT", process.Id);
        });

        Assert.NotEqual(0, interrupted.ExitCode);
        int worker = int.Parse(
            (await File.ReadAllTextAsync(project.PathOf("worker.log"), TestContext.Current.CancellationToken)).Split(' ')[0],
            CultureInfo.InvariantCulture
        );
        Assert.Throws<ArgumentException>(() => Process.GetProcessById(worker));
    }

    private static void Send(string signal, int processId)
    {
        using Process kill = Process.Start("kill", ["-" + signal, processId.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
