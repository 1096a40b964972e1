using System.Runtime.InteropServices;
using LoraMerge.Agreed.FileSystem;

namespace LoraMerge.Build;

/// <summary>What the system says where a file cannot be read or written.</summary>
internal static class FileFault
{
    public static bool Is(Exception fault) => fault is IOException or UnauthorizedAccessException;

    /// <summary>ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL of Windows; ENOSPC and EDQUOT elsewhere (122 on Linux, 69 on macOS).</summary>
    public static bool IsDiskFull(Exception fault)
    {
        int code = fault.HResult & 0xFFFF;
        return fault is IOException && (RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? code is 39 or 112 : code is 28 or 122 or 69);
    }

    /// <summary>As a sentence.</summary>
    public static string Reason(Exception fault) => fault.Message.TrimEnd('.') + ".";

    /// <summary>What may be done about it, as the beginning of a sentence.</summary>
    public static string Remedy(Exception fault) =>
        IsDiskFull(fault) ? "Make room"
        : fault is IOException taken && FileLock.IsTaken(taken) ? "End the program that has it open"
        : "Look at its permissions, and whether a program has it open";
}
