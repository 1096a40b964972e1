using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Build;

/// <summary>
/// Follows links where .NET does not: Visual Studio's MSBuild runs on .NET Framework, which answers for the link itself. To it every link would be an empty
/// file that has to be hashed in each build.
/// </summary>
internal static class WindowsLink
{
    private const uint ShareAll = 7, OpenExisting = 3, OpensFolders = 0x0200_0000;
    private const int LongestPath = 32767;

    /// <param name="path">A file or a folder.</param>
    /// <returns>The path that it has when all links are followed; null where it leads nowhere.</returns>
    public static string? Follow(string path)
    {
        using SafeFileHandle file = CreateFile(path, access: 0, ShareAll, IntPtr.Zero, OpenExisting, OpensFolders, IntPtr.Zero);
        if (file.IsInvalid)
            return null;
        char[] found = new char[LongestPath];
        uint length = GetFinalPathNameByHandle(file, found, LongestPath, 0);
        return length is > 0 and < LongestPath ? WithoutPrefix(new string(found, 0, (int)length)) : null;
    }

    /// <summary><c>\\?\C:\model</c> and <c>\\?\UNC\server\models</c> as everybody writes them.</summary>
    private static string WithoutPrefix(string path)
    {
        const string Prefix = @"\\?\", NetworkPrefix = @"\\?\UNC\";
        return path.StartsWith(NetworkPrefix, StringComparison.Ordinal) ? @"\\" + path.Substring(NetworkPrefix.Length)
            : path.StartsWith(Prefix, StringComparison.Ordinal) ? path.Substring(Prefix.Length)
            : path;
    }

    [DllImport("kernel32", EntryPoint = "CreateFileW", SetLastError = true, CharSet = CharSet.Unicode)]
    private static extern SafeFileHandle CreateFile(string path, uint access, uint share, IntPtr security, uint disposition, uint flags, IntPtr template);

    [DllImport("kernel32", EntryPoint = "GetFinalPathNameByHandleW", SetLastError = true, CharSet = CharSet.Unicode)]
    private static extern uint GetFinalPathNameByHandle(SafeFileHandle file, [Out] char[] path, uint length, uint flags);
}
