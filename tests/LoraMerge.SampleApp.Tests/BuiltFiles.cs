using System.Reflection;

namespace LoraMerge.SampleApp.Tests;

/// <summary>Where what the tests run was built.</summary>
internal static class BuiltFiles
{
    /// <param name="name">As the project file calls it.</param>
    public static string Of(string name) =>
        typeof(BuiltFiles).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == name).Value!;
}
