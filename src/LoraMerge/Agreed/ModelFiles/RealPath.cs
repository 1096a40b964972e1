#if NETSTANDARD
using System.Reflection;
using LoraMerge.Build;
#endif

namespace LoraMerge.Agreed.ModelFiles;

/// <summary>Paths without links, so that two names of one file or folder are seen to be one.</summary>
internal static class RealPath
{
    /// <summary>Where the system, too, gives up.</summary>
    private const int MostLinks = 40;

    /// <summary>What .NET says of a path where nothing is.</summary>
    private static readonly FileAttributes s_missing = (FileAttributes)(-1);

    private static readonly char[] s_separators = [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar];

#if NETSTANDARD
    /// <summary>Not in .NET Standard, and at run time in .NET alone.</summary>
    private static readonly PropertyInfo? s_linkTarget = typeof(FileSystemInfo).GetProperty("LinkTarget");
#endif

    /// <summary>
    /// The absolute path with every link on the way followed as the system does, those in the targets of links too; parts that do not exist stay as they are.
    /// </summary>
    /// <exception cref="IOException">Links lead round in a circle, or cannot be read.</exception>
    public static string Of(string path)
    {
        string full = Path.GetFullPath(path);
        string here = Path.GetPathRoot(full)!;
        var rest = new Stack<string>();
        Push(rest, full.Substring(here.Length));
        int links = 0;
        while (rest.Count > 0)
        {
            string name = rest.Pop();
            string next = name == ".." ? Path.GetDirectoryName(here) ?? here : Path.Combine(here, name);
            if (name == ".." || TargetOf(next) is not string target)
            {
                here = next;
                continue;
            }
            if (++links > MostLinks)
                throw new IOException($"'{path}' leads through more than {MostLinks} links.");
            if (Path.IsPathRooted(target))
            {
                string root = Path.GetPathRoot(target)!;
                here = Path.GetPathRoot(Path.GetFullPath(root))!;
                target = target.Substring(root.Length);
            }
            Push(rest, target);
        }
        return here;
    }

    /// <summary>Whether a path is a folder or lies in it; both absolute and without links.</summary>
    public static bool IsSameOrBelow(string path, string folder)
    {
        string start = folder.Length > 0 && s_separators.Contains(folder[folder.Length - 1]) ? folder : folder + Path.DirectorySeparatorChar;
        return path.Equals(folder, FileNames.Comparison) || path.StartsWith(start, FileNames.Comparison);
    }

    /// <summary>Whether a file or a folder is a link itself, wherever it leads.</summary>
    public static bool IsLink(string path)
    {
        FileAttributes attributes = new FileInfo(path).Attributes;
        return attributes != s_missing && (attributes & FileAttributes.ReparsePoint) != 0 && TargetOf(path) is not null;
    }

    private static void Push(Stack<string> rest, string path)
    {
        foreach (string name in path.Split(s_separators).Reverse().Where(name => name is not ("" or ".")))
            rest.Push(name);
    }

    private static string? TargetOf(string path)
    {
#if NETSTANDARD
        if (s_linkTarget is not null)
            return s_linkTarget.GetValue(new FileInfo(path)) as string;
        FileAttributes attributes = new FileInfo(path).Attributes;
        bool mayBeLink = attributes != s_missing && (attributes & FileAttributes.ReparsePoint) != 0;
        return mayBeLink && WindowsLink.Follow(path) is string target && !target.Equals(path, StringComparison.OrdinalIgnoreCase) ? target : null;
#else
        return new FileInfo(path).LinkTarget;
#endif
    }
}
