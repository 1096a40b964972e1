using System.Reflection;

namespace LoraMerge.Agreed.Fingerprints;

/// <summary>The product's version, part of every key: another release may merge differently.</summary>
internal static class ToolVersion
{
    /// <summary>Without what a source control system adds after '+'.</summary>
    public static string Current { get; } = Read();

    private static string Read()
    {
        string version = typeof(ToolVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        int build = version.IndexOf('+');
        return build < 0 ? version : version.Substring(0, build);
    }
}
