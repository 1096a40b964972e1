using LoraMerge.Build.Tests;

[assembly: AssemblyFixture(typeof(CommandTemp))]

namespace LoraMerge.Build.Tests;

/// <summary>
/// The temporary folder of the commands that tests start, deleted after the last test: every <c>dotnet build</c>, <c>publish</c> or <c>pack</c> makes an empty
/// folder in the system's, for news of workloads, and leaves it there.
/// </summary>
public sealed class CommandTemp : IDisposable
{
    private static readonly Lazy<string> s_folder = new(() => Directory.CreateTempSubdirectory("lora-commands-").FullName);

    public static void Set(IDictionary<string, string?> environment) => environment[OperatingSystem.IsWindows() ? "TMP" : "TMPDIR"] = s_folder.Value;

    public void Dispose()
    {
        if (s_folder.IsValueCreated)
            Directory.Delete(s_folder.Value, recursive: true);
    }
}
