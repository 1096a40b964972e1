using System.Diagnostics;
using System.Globalization;

namespace LoraMerge.Tests.Determinism;

/// <summary>The largest resident memory of the built program. Linux only.</summary>
internal static class ProgramMemory
{
    private static readonly string[] Expected = ["warning LORA1120", "warning LORA3112"];

    /// <returns>Bytes, of a merge that ended well.</returns>
    public static async Task<long> PeakOfMerge(params string[] arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Reads /proc.");
        using Process merge = ChildProcess.Start([.. ChildProcess.LoraMerge, "merge", .. arguments]);
        long peak = 0;
        while (!merge.HasExited)
        {
            peak = Math.Max(peak, HighWaterBytes(merge.Id));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
        ChildProcess run = await ChildProcess.WaitFor(merge);
        // Some forms hold more than the limit that makes blocks small, and say so; some always assume what their files leave out.
        Assert.DoesNotContain(
            run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => !Expected.Any(warning => line.Contains(warning, StringComparison.Ordinal))
        );
        Assert.Equal(0, run.ExitCode);
        Assert.True(peak > 0);
        return peak;
    }

    private static long HighWaterBytes(int process)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
        }
        catch (IOException)
        {
            return 0; // it ended just now
        }
    }
}
