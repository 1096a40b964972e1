using System.Globalization;
using System.Runtime.InteropServices;

namespace LoraMerge.Benchmarks;

/// <summary>The resident memory that some work adds at its peak. Linux only.</summary>
internal static class PeakMemory
{
    /// <returns>Bytes; null on other systems.</returns>
    public static long? Of(Action work)
    {
        if (!OperatingSystem.IsLinux())
        {
            work();
            return null;
        }
        GC.Collect();
        GC.WaitForPendingFinalizers();
        _ = Trim(0); // what earlier work freed is given back, so that it counts again
        File.WriteAllText("/proc/self/clear_refs", "5"); // the peak starts anew
        long before = Status("VmRSS:");
        work();
        return Status("VmHWM:") - before;
    }

    private static long Status(string field) =>
        long.Parse(
            File.ReadLines("/proc/self/status")
                .First(line => line.StartsWith(field, StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture
        ) * 1024;

    [DllImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Trim(nuint keptBytes);
}
