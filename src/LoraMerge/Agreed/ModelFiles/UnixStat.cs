using System.Runtime.InteropServices;

namespace LoraMerge.Agreed.ModelFiles;

/// <summary>What Linux and macOS know of a file, or of the target of a link, and .NET does not tell. Nothing is opened.</summary>
/// <param name="Mode"><c>st_mode</c>: what kind of file it is, and what is allowed.</param>
/// <param name="ChangedTicks">When anything of it last changed, UTC, in ticks.</param>
internal readonly record struct UnixStat(int Mode, long ChangedTicks)
{
    private const long EpochTicks = 621355968000000000;
    private const int NoFolder = -100; // AT_FDCWD
    private const uint TypeAndChangeTime = 0x81; // STATX_TYPE, STATX_CTIME

    /// <returns>Null where nothing is, or the system does not tell.</returns>
    public static UnixStat? Of(string path)
    {
        try
        {
            return RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? OfLinux(path)
                : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? OfMac(path)
                : null;
        }
        catch (Exception fault) when (fault is EntryPointNotFoundException or DllNotFoundException)
        {
            return null; // an old C library
        }
    }

    /// <summary><c>struct statx</c> is the same on all processors.</summary>
    private static UnixStat? OfLinux(string path)
    {
        byte[] facts = new byte[256];
        return LinuxStat(NoFolder, path, 0, TypeAndChangeTime, facts) == 0 ? Read(facts, 28, 96) : null;
    }

    /// <summary><c>struct stat</c> with file numbers of 64 bits, which Intel's processors have under a name of its own.</summary>
    private static UnixStat? OfMac(string path)
    {
        byte[] facts = new byte[144];
        int result = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? MacStat(path, facts) : MacIntelStat(path, facts);
        return result == 0 ? Read(facts, 4, 64) : null;
    }

    /// <summary>The mode has two bytes; <c>struct timespec</c> seconds and, in the first half of the next eight bytes, nanoseconds.</summary>
    private static UnixStat Read(byte[] facts, int modeOffset, int timeOffset)
    {
        long seconds = BitConverter.ToInt64(facts, timeOffset);
        uint nanoseconds = BitConverter.ToUInt32(facts, timeOffset + sizeof(long));
        return new UnixStat(
            BitConverter.ToUInt16(facts, modeOffset), Math.Max(0, unchecked(EpochTicks + (seconds * TimeSpan.TicksPerSecond) + (nanoseconds / 100))));
    }

#pragma warning disable SYSLIB1054, CA2101 // Sources for .NET Standard, which has no generated marshalling; "ANSI" is UTF-8 on Unix.
    [DllImport("libc", EntryPoint = "statx", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int LinuxStat(int folder, string path, int flags, uint mask, [Out] byte[] facts);

    [DllImport("libc", EntryPoint = "stat", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int MacStat(string path, [Out] byte[] facts);

    [DllImport("libc", EntryPoint = "stat$INODE64", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int MacIntelStat(string path, [Out] byte[] facts);
#pragma warning restore SYSLIB1054, CA2101
}
