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

    /// <param name="workerPath">Absolute path of lora-merge.dll.</param>
    /// <param name="hostPath">DOTNET_HOST_PATH of the build, if set.</param>
    /// <param name="sdkRoot">The SDK's NetCoreRoot, if known.</param>
    /// <param name="searchPath">PATH of the build.</param>
    /// <param name="faults">Told what is not there.</param>
    /// <returns>What runs the worker; null where it or the worker is not there.</returns>
    public static string? FindFor(string workerPath, string? hostPath, string? sdkRoot, string? searchPath, FaultLog faults)
    {
        string? host = Find(hostPath, sdkRoot, searchPath);
        BuildFault? missing = !File.Exists(workerPath) ? BuildErrors.WorkerMissing(workerPath) : host is null ? BuildErrors.DotnetMissing() : null;
        if (missing is not null)
            faults.Error(null, missing);
        return missing is null ? host : null;
    }

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
