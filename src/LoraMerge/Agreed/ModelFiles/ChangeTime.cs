using System.Runtime.InteropServices;

namespace LoraMerge.Agreed.ModelFiles;

/// <summary>
/// When anything of a file last changed, by the system's own books. Whoever copies a file with its times (<c>cp -p</c>, rsync, archives) or sets them gives it
/// a new one.
/// </summary>
internal static class ChangeTime
{
    private const long WindowsEpochTicks = 504911232000000000;

    /// <returns>UTC, in ticks, of the target where the file is a link; 0 where the system does not tell.</returns>
    public static long TicksOf(string path)
    {
        try
        {
            return RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? OfWindows(path) : UnixStat.Of(path)?.ChangedTicks ?? 0;
        }
        catch (Exception fault) when (fault is EntryPointNotFoundException or DllNotFoundException or IOException or UnauthorizedAccessException)
        {
            return 0; // a file that somebody holds
        }
    }

    /// <summary><c>FILE_BASIC_INFO</c>: four times, the last of which is that of any change.</summary>
    private static long OfWindows(string path)
    {
        byte[] facts = new byte[40];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        return WindowsInformation(file.SafeFileHandle, 0, facts, facts.Length) ? unchecked(WindowsEpochTicks + BitConverter.ToInt64(facts, 24)) : 0;
    }

#pragma warning disable SYSLIB1054 // Sources for .NET Standard, which has no generated marshalling.
    [DllImport("kernel32", EntryPoint = "GetFileInformationByHandleEx", SetLastError = true)]
    private static extern bool WindowsInformation(Microsoft.Win32.SafeHandles.SafeFileHandle file, int kind, [Out] byte[] facts, int length);
#pragma warning restore SYSLIB1054
}
