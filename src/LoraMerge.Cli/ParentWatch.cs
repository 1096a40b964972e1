using System.ComponentModel;
using System.Diagnostics;

namespace LoraMerge.Cli;

/// <summary>Ends this process when the one that started it is gone: a build that is killed cannot tell its worker.</summary>
/// <remarks>Ending at once is safe: what is half written lies in a staging folder that the next merge removes.</remarks>
internal sealed class ParentWatch : IDisposable
{
    private const int ExitCode = 1;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Start times are read from different clocks of the system; a reused process number is off by far more.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    private readonly Timer _timer;

    private ParentWatch(int processId, DateTime? startTime) =>
        _timer = new Timer(_ => ExitIfGone(processId, startTime), null, TimeSpan.Zero, Interval);

    /// <summary>Starts watching; null where there is no parent to watch.</summary>
    public static ParentWatch? Start(int? processId, long? startTicks) =>
        processId is int id ? new ParentWatch(id, startTicks is long ticks ? new DateTime(Math.Clamp(ticks, 0, DateTime.MaxValue.Ticks), DateTimeKind.Utc) : null) : null;

    public void Dispose() => _timer.Dispose();

    private static void ExitIfGone(int processId, DateTime? startTime)
    {
        if (!IsAlive(processId, startTime))
            Environment.Exit(ExitCode);
    }

    private static bool IsAlive(int processId, DateTime? startTime)
    {
        try
        {
            using Process process = Process.GetProcessById(processId);
            return !process.HasExited && (startTime is not { } start || (process.StartTime.ToUniversalTime() - start).Duration() <= Tolerance);
        }
        catch (ArgumentException)
        {
            return false;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
        catch (Win32Exception)
        {
            return true; // it is there, but belongs to a user who does not show its start time
        }
    }
}
