using System.Diagnostics;

namespace LoraMerge.Benchmarks;

/// <summary>What one run of a process took.</summary>
/// <param name="Seconds">From its start to its end.</param>
/// <param name="ProcessorSeconds">User and system time.</param>
/// <param name="PeakBytes">Largest resident memory.</param>
internal sealed record ProcessRun(double Seconds, double ProcessorSeconds, long PeakBytes)
{
    /// <summary>Memory and processor time are asked for while the process runs; what it adds in its last milliseconds is not seen.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    /// <exception cref="InvalidOperationException">The process failed.</exception>
    public static ProcessRun Of(string program, params IEnumerable<string> arguments)
    {
        var watch = Stopwatch.StartNew();
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        TimeSpan processor = default;
        long peak = 0;
        while (!process.WaitForExit(Interval))
        {
            process.Refresh();
            try
            {
                (peak, processor) = (Math.Max(peak, process.PeakWorkingSet64), process.TotalProcessorTime);
            }
            catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                // It ended in between.
            }
        }
        double seconds = watch.Elapsed.TotalSeconds;
        return process.ExitCode == 0
            ? new ProcessRun(seconds, processor.TotalSeconds, peak)
            : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {output.Result}");
    }
}
