using System.Runtime.InteropServices;

namespace LoraMerge.Build;

/// <summary>The platforms that TorchSharp and libtorch exist for.</summary>
internal static class SupportedRuntimes
{
    private static readonly string[] s_all = ["linux-x64", "win-x64", "osx-arm64"];

    /// <summary>For projects whose SDK does not say it.</summary>
    public static string Host { get; } = $"{System}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";

    private static string System =>
        RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "win"
        : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "osx"
        : "linux";

    public static bool Contains(string runtime) => s_all.Contains(runtime);
}
