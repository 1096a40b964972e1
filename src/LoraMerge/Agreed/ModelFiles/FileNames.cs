using System.Runtime.InteropServices;

namespace LoraMerge.Agreed.ModelFiles;

/// <summary>Names of files as the system compares and writes them.</summary>
internal static class FileNames
{
    /// <summary>Letter case tells files apart on Linux; Windows and macOS find one of another case.</summary>
    public static StringComparison Comparison { get; } =
        RuntimeInformation.IsOSPlatform(OSPlatform.Windows) || RuntimeInformation.IsOSPlatform(OSPlatform.OSX)
            ? StringComparison.OrdinalIgnoreCase
            : StringComparison.Ordinal;

    /// <summary>Where something below a folder lies.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="relativePath">With '/', as lists and manifests have it.</param>
    public static string PathIn(string folder, string relativePath) => Path.Combine(folder, relativePath.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>The name among these by which the system would find a file; null where it would find none.</summary>
    public static string? Find(IReadOnlyCollection<string> names, string name) =>
        names.Contains(name, StringComparer.Ordinal) ? name : names.FirstOrDefault(other => other.Equals(name, Comparison));
}
