namespace LoraMerge.Build;

/// <summary>Finds the <c>dotnet</c> that starts the worker: MSBuild itself may be that of Visual Studio.</summary>
internal static class DotnetHost
{
    private static readonly string s_fileName = Path.DirectorySeparatorChar == '\\' ? "dotnet.exe" : "dotnet";

    /// <param name="sdkRoot">The SDK's NetCoreRoot, if known.</param>
    /// <returns>Null where there is none.</returns>
    public static string? Find(string? sdkRoot)
    {
        return Candidates(sdkRoot).FirstOrDefault(File.Exists);
    }

    private static IEnumerable<string> Candidates(string? sdkRoot)
    {
        if (Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host)
            yield return host;
        if (sdkRoot is { Length: > 0 })
            yield return Path.Combine(sdkRoot, s_fileName);
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
        {
            if (folder.Length > 0 && folder.IndexOfAny(Path.GetInvalidPathChars()) < 0)
                yield return Path.Combine(folder, s_fileName);
        }
    }
}
