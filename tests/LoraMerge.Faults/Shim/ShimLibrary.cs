using System.ComponentModel;
using System.Diagnostics;

namespace LoraMerge.Faults.Shim;

/// <summary>Compiles the shim and starts processes with it.</summary>
internal static class ShimLibrary
{
    private const string PreloadVariable = "LD_PRELOAD";

    /// <summary>Whether this process runs with the shim.</summary>
    public static bool IsLoaded => Environment.GetEnvironmentVariable(FaultBlock.Variable) is not null;

    /// <summary>Compiles it into a folder.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="reason">Why there is none.</param>
    /// <returns>Path of the library; null where it cannot be had on this system.</returns>
    public static string? TryBuild(string folder, out string reason)
    {
        reason = "The shim is for Linux with glibc.";
        if (!OperatingSystem.IsLinux())
            return null;
        string library = Path.Combine(folder, "faults.so");
        try
        {
            using Process compiler = Process.Start(
                new ProcessStartInfo("gcc", ["-shared", "-fPIC", "-O2", Path.Combine(AppContext.BaseDirectory, "Shim", "faults.c"), "-o",
                    library]) { RedirectStandardError = true })!;
            reason = "gcc cannot compile the shim: " + compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            return compiler.ExitCode == 0 ? library : null;
        }
        catch (Win32Exception)
        {
            reason = "There is no gcc to compile the shim with.";
            return null;
        }
    }

    /// <summary>Lets a process start with the shim.</summary>
    public static void AddTo(ProcessStartInfo start, string library, string block)
    {
        start.Environment[PreloadVariable] = library;
        start.Environment[FaultBlock.Variable] = block;
    }
}
