namespace LoraMerge.Build;

/// <summary>Finds the <c>dotnet</c> that starts the worker: MSBuild itself may be that of Visual Studio.</summary>
internal static class DotnetHost
{
    private static readonly string s_fileName = Path.DirectorySeparatorChar == '\\' ? "dotnet.exe" : "dotnet";

    /// <param name="hostPath">DOTNET_HOST_PATH of the build, if set.</param>
    /// <param name="sdkRoot">The SDK's NetCoreRoot, if known.</param>
    /// <param name="searchPath">PATH of the build.</param>
    /// <returns>Null where there is none.</returns>
    public static string? Find(string? hostPath, string? sdkRoot, string? searchPath) => Candidates(hostPath, sdkRoot, searchPath).FirstOrDefault(File.Exists);

    private static IEnumerable<string> Candidates(string? hostPath, string? sdkRoot, string? searchPath)
    {
        if (hostPath is { Length: > 0 })
            yield return hostPath;
        if (sdkRoot is { Length: > 0 })
            yield return Path.Combine(sdkRoot, s_fileName);
        foreach (string folder in (searchPath ?? "").Split(Path.PathSeparator))
        {
            if (folder.Length > 0 && folder.IndexOfAny(Path.GetInvalidPathChars()) < 0)
                yield return Path.Combine(folder, s_fileName);
        }
    }
}
