using System.Runtime.InteropServices;

namespace LoraMerge.Agreed.FileSystem;

/// <summary>Lets two folders take each other's name in one step: whoever looks finds one or the other, whenever that is.</summary>
internal static class FolderExchange
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint Exchange = 2; // RENAME_EXCHANGE, RENAME_SWAP

    /// <summary>Whether the system has such a step. Not every file system does.</summary>
    public static bool IsKnown { get; } = RuntimeInformation.IsOSPlatform(OSPlatform.Linux) || RuntimeInformation.IsOSPlatform(OSPlatform.OSX);

    /// <returns>False where it was not done: then nothing has changed.</returns>
    public static bool TryMake(string first, string second)
    {
        try
        {
            return IsKnown && (RuntimeInformation.IsOSPlatform(OSPlatform.Linux)
                ? LinuxRename(CurrentFolder, first, CurrentFolder, second, Exchange) == 0
                : MacRename(first, second, Exchange) == 0);
        }
        catch (EntryPointNotFoundException)
        {
            return false; // glibc before 2.28
        }
    }

#pragma warning disable SYSLIB1054, CA2101 // Sources for .NET Standard, which has no generated marshalling; "ANSI" is UTF-8 on Unix.
    [DllImport("libc", EntryPoint = "renameat2", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int LinuxRename(int fromFolder, string from, int toFolder, string to, uint flags);

    [DllImport("libc", EntryPoint = "renamex_np", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int MacRename(string from, string to, uint flags);
#pragma warning restore SYSLIB1054, CA2101
}
