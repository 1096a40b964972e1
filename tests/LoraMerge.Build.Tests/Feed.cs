using System.Reflection;

namespace LoraMerge.Build.Tests;

/// <summary>The packages that were packed when this test project was built.</summary>
internal static class Feed
{
    public static string Folder { get; } = Metadata("Packages");

    public static string Version { get; } = File.ReadAllText(Path.Combine(Folder, "version.txt")).Trim();

    /// <summary>One package cache for the suite: the runtime package is large and is unpacked once.</summary>
    public static string PackageCache { get; } = Path.Combine(Folder, "cache");

    /// <summary>Where this repository's own packages lie, so that nothing is downloaded for a test.</summary>
    public static string UserPackages { get; } = Metadata("UserPackages");

    public static string XunitVersion { get; } = Metadata("XunitVersion");

    public static string FakeWorker { get; } = Path.GetFullPath(Metadata("FakeWorker"));

    private static string Metadata(string key)
    {
        return typeof(Feed).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == key).Value!;
    }
}
