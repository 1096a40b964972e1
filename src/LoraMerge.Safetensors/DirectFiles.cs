using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Safetensors;

/// <summary>Opens files for writing past the system's cache. Linux only: .NET has no word for its O_DIRECT.</summary>
internal static partial class DirectFiles
{
    private const int WriteOnly = 1; // O_WRONLY
    private const int CloseOnExec = 0x80000; // O_CLOEXEC

    /// <returns>Another handle of a file that exists, or null where the system or the file system has no such handles.</returns>
    public static SafeFileHandle? TryOpen(string path)
    {
        if (!OperatingSystem.IsLinux() || DirectFlag is not int direct)
            return null;
        SafeFileHandle handle = Open(path, WriteOnly | CloseOnExec | direct);
        if (!handle.IsInvalid)
            return handle;
        handle.Dispose();
        return null;
    }

    /// <summary>O_DIRECT, whose value depends on the processor.</summary>
    private static int? DirectFlag => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 0x4000,
        Architecture.Arm64 => 0x10000,
        _ => null,
    };

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);
}
