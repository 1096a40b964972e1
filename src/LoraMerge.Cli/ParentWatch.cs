using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;

namespace LoraMerge.Cli;

/// <summary>Ends this process when the one that started it is gone: a build that is killed cannot tell its worker.</summary>
/// <remarks>
/// Ending at once is safe: what is half written lies in a staging folder that the next merge removes. It is a kill, not an exit: one that comes while libtorch
/// is loaded waits for the loader, which waits for it, and the process would live on with the store's lock.
/// </remarks>
internal sealed class ParentWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(400);

    private readonly int _processId;
    private readonly Timer _timer;
    private bool _wasGone;

    private ParentWatch(int processId)
    {
        _processId = processId;
        _timer = new Timer(_ => EndIfGone(), null, TimeSpan.Zero, Interval);
    }

    /// <summary>By which a build gives its process id; people have no use for it.</summary>
    public static Option<int?> Option() => new("--parent-pid") { Description = "End when this process ends.", HelpName = "N", Hidden = true };

    /// <summary>Starts watching; null where there is no parent to watch.</summary>
    public static ParentWatch? Start(int? processId) => processId is int id ? new ParentWatch(id) : null;

    /// <summary>Whether a process is there that was there before this one. One that began later only got the number of a parent that is gone.</summary>
    /// <remarks>Both beginnings are told by one clock at one moment, so that it does not matter when that clock is set.</remarks>
    public static bool IsAlive(int processId)
    {
        try
        {
            using Process parent = Process.GetProcessById(processId);
            using Process self = Process.GetCurrentProcess();
            return !parent.HasExited && parent.StartTime <= self.StartTime;
        }
        catch (Exception fault) when (fault is ArgumentException or InvalidOperationException)
        {
            return false;
        }
        catch (Win32Exception)
        {
            return true; // it is there, but belongs to a user who does not show its start time
        }
    }

    public void Dispose() => _timer.Dispose();

    /// <summary>Twice in a row: a clock that is set between the two readings, or a look that the system refuses, is no end of a process.</summary>
    private void EndIfGone()
    {
        bool isGone = !IsAlive(_processId);
        if (isGone && _wasGone)
        {
            using Process self = Process.GetCurrentProcess();
            self.Kill();
        }
        _wasGone = isGone;
    }
}
