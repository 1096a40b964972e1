using System.Runtime.InteropServices;

namespace LoraMerge.Agreed.ModelFiles;

/// <summary>
/// When anything of a file last changed, by the system's own books. Whoever copies a file with its times (<c>cp -p</c>, rsync, archives) or sets them gives it
/// a new one.
/// </summary>
internal static class ChangeTime
{
    private const long UnixEpochTicks = 621355968000000000;
    private const long WindowsEpochTicks = 504911232000000000;
    private const int NoFolder = -100; // AT_FDCWD
    private const uint OnlyChangeTime = 0x80; // STATX_CTIME

    /// <returns>UTC, in ticks, of the target where the file is a link; 0 where the system does not tell.</returns>
    public static long TicksOf(string path)
    {
        try
        {
            return RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? OfLinux(path)
                : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? OfMac(path)
                : RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? OfWindows(path)
                : 0;
        }
        catch (Exception fault) when (fault is EntryPointNotFoundException or DllNotFoundException or IOException or UnauthorizedAccessException)
        {
            return 0; // an old C library; a file that somebody holds
        }
    }

    /// <summary><c>struct statx</c> is the same on all processors.</summary>
    private static long OfLinux(string path)
    {
        byte[] facts = new byte[256];
        return LinuxStat(NoFolder, path, 0, OnlyChangeTime, facts) == 0 ? OfUnix(facts, 96) : 0;
    }

    /// <summary><c>struct stat</c> with file numbers of 64 bits, which Intel's processors have under a name of its own.</summary>
    private static long OfMac(string path)
    {
        byte[] facts = new byte[144];
        int result = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? MacStat(path, facts) : MacIntelStat(path, facts);
        return result == 0 ? OfUnix(facts, 64) : 0;
    }

    /// <summary><c>struct timespec</c>: seconds and, in the first half of the next eight bytes, nanoseconds.</summary>
    private static long OfUnix(byte[] facts, int offset)
    {
        long seconds = BitConverter.ToInt64(facts, offset);
        uint nanoseconds = BitConverter.ToUInt32(facts, offset + sizeof(long));
        return Math.Max(0, unchecked(UnixEpochTicks + (seconds * TimeSpan.TicksPerSecond) + (nanoseconds / 100)));
    }

    /// <summary><c>FILE_BASIC_INFO</c>: four times, the last of which is that of any change.</summary>
    private static long OfWindows(string path)
    {
        byte[] facts = new byte[40];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        return WindowsInformation(file.SafeFileHandle, 0, facts, facts.Length) ? unchecked(WindowsEpochTicks + BitConverter.ToInt64(facts, 24)) : 0;
    }

#pragma warning disable SYSLIB1054, CA2101 // Sources for .NET Standard, which has no generated marshalling; "ANSI" is UTF-8 on Unix.
    [DllImport("libc", EntryPoint = "statx", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int LinuxStat(int folder, string path, int flags, uint mask, [Out] byte[] facts);

    [DllImport("libc", EntryPoint = "stat", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int MacStat(string path, [Out] byte[] facts);

    [DllImport("libc", EntryPoint = "stat$INODE64", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int MacIntelStat(string path, [Out] byte[] facts);

    [DllImport("kernel32", EntryPoint = "GetFileInformationByHandleEx", SetLastError = true)]
    private static extern bool WindowsInformation(Microsoft.Win32.SafeHandles.SafeFileHandle file, int kind, [Out] byte[] facts, int length);
#pragma warning restore SYSLIB1054, CA2101
}
