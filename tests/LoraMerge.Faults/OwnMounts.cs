using System.ComponentModel;
using System.Diagnostics;

namespace LoraMerge.Faults;

/// <summary>Processes whose mounts nobody else sees, and which are gone with them.</summary>
internal static class OwnMounts
{
    /// <summary>What such a process's command begins with.</summary>
    public static string[] Command { get; } = ["unshare", "-m"];

    /// <summary>Whether this user may mount anything on this system.</summary>
    public static bool AreAllowed()
    {
        string folder = WorkFolder.Create("mount").FullName;
        try
        {
            using Process process = Process.Start(
                new ProcessStartInfo(Command[0], [.. Command[1..], "mount", "-t", "tmpfs", "none", folder]) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
        finally
        {
            Directory.Delete(folder);
        }
    }
}
