using System.Runtime.InteropServices;

namespace LoraMerge.Agreed.FileSystem;

/// <summary>Gives a file a second place without copying its bytes: as a clone where the file system has them, else as a hard link.</summary>
/// <remarks>A clone (reflink) shares the bytes until one of the two is written; a hard link shares them for ever.</remarks>
internal static class FileTwin
{
    /// <summary>Linux' FICLONE: <c>_IOW(0x94, 9, int)</c>.</summary>
    private const ulong CloneRequest = 0x4004_9409;

    /// <summary>Makes a twin with the time of its source: by that, others see that the two are the same.</summary>
    /// <param name="source">Full path of the file.</param>
    /// <param name="destination">Full path of its twin: a name that is free, in a folder that is there.</param>
    /// <param name="mayLink">Whether a hard link will do.</param>
    /// <returns>What was made; <see cref="TwinKind.None"/> where neither is possible: then nothing has changed.</returns>
    /// <exception cref="IOException">The destination cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The destination cannot be written.</exception>
    public static TwinKind TryCreate(string source, string destination, bool mayLink)
    {
        if (!TryClone(source, destination))
            return mayLink && TryLink(source, destination) ? TwinKind.Link : TwinKind.None;
        if (FileStamp.TimeOf(source) is DateTime time)
            File.SetLastWriteTimeUtc(destination, time);
        return TwinKind.Clone;
    }

    /// <summary>Gives a file a second name.</summary>
    /// <returns>False where the file system has no hard links, or refuses this one.</returns>
    public static bool TryLink(string source, string destination) =>
        RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? WindowsLink(destination, source, IntPtr.Zero) : UnixLink(source, destination) == 0;

    private static bool TryClone(string source, string destination)
    {
        if (RuntimeInformation.IsOSPlatform(OSPlatform.OSX))
            return MacClone(source, destination, flags: 0) == 0;
        return RuntimeInformation.IsOSPlatform(OSPlatform.Linux) && TryLinuxClone(source, destination);
    }

    private static bool TryLinuxClone(string source, string destination)
    {
        bool isCloned;
        using (FileStream from = new(source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
        using (FileStream to = new(destination, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            isCloned = LinuxControl((int)to.SafeFileHandle.DangerousGetHandle(), CloneRequest, (int)from.SafeFileHandle.DangerousGetHandle()) == 0;
        if (!isCloned)
            File.Delete(destination);
        return isCloned;
    }

#pragma warning disable SYSLIB1054, CA2101 // Sources for .NET Standard, which has no generated marshalling; "ANSI" is UTF-8 on Unix.
    [DllImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static extern int LinuxControl(int file, ulong request, int argument);

    [DllImport("libc", EntryPoint = "clonefile", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int MacClone(string source, string destination, uint flags);

    [DllImport("libc", EntryPoint = "link", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int UnixLink(string source, string destination);

    [DllImport("kernel32", EntryPoint = "CreateHardLinkW", SetLastError = true, CharSet = CharSet.Unicode)]
    private static extern bool WindowsLink(string destination, string source, IntPtr security);
#pragma warning restore SYSLIB1054, CA2101
}

/// <summary>How a file came to a second place.</summary>
internal enum TwinKind
{
    /// <summary>It did not.</summary>
    None,

    /// <summary>It shares its bytes until one of the two is written.</summary>
    Clone,

    /// <summary>Two names of one file.</summary>
    Link,
}
