using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Safetensors;

/// <summary>Brings files and folders to the disk, and says so when the disk does not take them.</summary>
/// <remarks>
/// On Unix .NET's own flush passes over what the system answers, such as an input/output error or a full quota, and knows no folders: the system is asked
/// directly.
/// A file system that cannot flush has nothing to answer for.
/// </remarks>
internal static class DiskFlush
{
    private const int ReadOnly = 0; // O_RDONLY
    private const int Interrupted = 4; // EINTR
    private const int AccessDenied = 13; // EACCES

    /// <summary>EINVAL and, of Linux and of macOS, EOPNOTSUPP, ENOTSUP and ENOSYS.</summary>
    private static readonly int[] s_cannotFlush = [22, 95, 38, 102, 45, 78];

    /// <param name="file">Open for writing.</param>
    /// <param name="path">Its path, for the message.</param>
    /// <exception cref="DiskFlushException">Bytes that were written are not on the disk.</exception>
    /// <exception cref="IOException">The same, on Windows.</exception>
    public static void OfFile(FileStream file, string path)
    {
        file.Flush();
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
            Flush(file.SafeFileHandle, path); // before .NET, to which the system would tell the fault, once and for all
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Linux))
            file.Flush(flushToDisk: true); // on macOS, the disk's own cache too
    }

#if !NETSTANDARD
    /// <inheritdoc cref="OfFile(FileStream, string)"/>
    public static void OfFile(SafeFileHandle file, string path)
    {
        if (!OperatingSystem.IsWindows())
            Flush(file, path);
        if (!OperatingSystem.IsLinux())
            RandomAccess.FlushToDisk(file);
    }
#endif

    /// <summary>Of a file that is whole: one that was cloned. Windows flushes only what it has open for writing.</summary>
    /// <exception cref="DiskFlushException">Bytes that were written are not on the disk.</exception>
    public static void OfFile(string path) => OfPath(path);

    /// <summary>The names in a folder, as they were made, renamed and deleted. Windows does that by itself.</summary>
    /// <exception cref="DiskFlushException">Names are not on the disk.</exception>
    public static void OfFolder(string path) => OfPath(path);

    private static void OfPath(string path)
    {
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
            return;
        using SafeFileHandle file = OpenUninterrupted(path, out int error);
        if (!file.IsInvalid)
            Flush(file, path);
        else if (error != AccessDenied) // a folder may be open to writing alone
            throw new DiskFlushException(path, MessageOf(error));
    }

    private static SafeFileHandle OpenUninterrupted(string path, out int error)
    {
        while (true)
        {
            SafeFileHandle file = Open(path, ReadOnly);
            error = file.IsInvalid ? Marshal.GetLastWin32Error() : 0;
            if (error != Interrupted)
                return file;
            file.Dispose();
        }
    }

    private static void Flush(SafeFileHandle file, string path)
    {
        while (Synchronize(file) != 0)
        {
            int error = Marshal.GetLastWin32Error();
            if (s_cannotFlush.Contains(error))
                return;
            if (error != Interrupted)
                throw new DiskFlushException(path, MessageOf(error));
        }
    }

#if NETSTANDARD
    private static string MessageOf(int error) => new System.ComponentModel.Win32Exception(error).Message;
#else
    private static string MessageOf(int error) => Marshal.GetPInvokeErrorMessage(error);
#endif

#pragma warning disable SYSLIB1054, CA2101 // Sources for .NET Standard too, which has no generated marshalling; "ANSI" is UTF-8 on Unix.
    [DllImport("libc", EntryPoint = "open", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern SafeFileHandle Open(string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Synchronize(SafeFileHandle file);
#pragma warning restore SYSLIB1054, CA2101
}
