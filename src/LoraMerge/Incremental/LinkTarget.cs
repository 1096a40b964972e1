#if NETSTANDARD
using System.Reflection;
using System.Runtime.InteropServices;
using LoraMerge.Build;
#endif

namespace LoraMerge.Incremental;

/// <summary>What a symbolic link leads to in the end.</summary>
internal static class LinkTarget
{
#if NETSTANDARD
    /// <summary>Not in .NET Standard, and at run time in .NET alone.</summary>
    private static readonly MethodInfo? s_resolve = typeof(FileSystemInfo).GetMethod("ResolveLinkTarget", [typeof(bool)]);
#endif

    /// <returns>The target; the same where it is no link, or one that leads nowhere.</returns>
    public static T Of<T>(T entry)
        where T : FileSystemInfo
    {
        if (!entry.Exists || (entry.Attributes & FileAttributes.ReparsePoint) == 0)
            return entry;
#if NETSTANDARD
        if (s_resolve is not null)
            return s_resolve.Invoke(entry, [true]) as T ?? entry;
        string? target = RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? WindowsLink.Follow(entry.FullName) : null;
        return target is null || target.Equals(entry.FullName, StringComparison.OrdinalIgnoreCase) ? entry : (T)(entry is DirectoryInfo ? (FileSystemInfo)new DirectoryInfo(target) : new FileInfo(target));
#else
        return entry.ResolveLinkTarget(returnFinalTarget: true) as T ?? entry;
#endif
    }

    /// <summary>A path with the links of all its folders followed; what is not there yet stays as it is written.</summary>
    public static string RealPath(string path)
    {
        string full = Path.GetFullPath(path);
        if (full == Path.GetPathRoot(full))
            return full;
        full = full.TrimEnd(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar);
        string here = Path.Combine(RealPath(Path.GetDirectoryName(full)!), Path.GetFileName(full));
        return Directory.Exists(here) ? Of(new DirectoryInfo(here)).FullName.TrimEnd(Path.DirectorySeparatorChar) : File.Exists(here) ? Of(new FileInfo(here)).FullName : here;
    }
}
