using System.Collections.Immutable;
using LoraMerge.Gguf.Faults;

namespace LoraMerge.Gguf.Architectures;

/// <summary>All architectures of this assembly.</summary>
internal static class ArchitectureList
{
    public static ImmutableArray<Architecture> All { get; } =
    [
        .. typeof(Architecture).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(Architecture)) && !type.IsAbstract)
            .Select(type => (Architecture)Activator.CreateInstance(type)!)
            .OrderBy(architecture => architecture.Name, StringComparer.Ordinal),
    ];

    /// <summary>The one of a model.</summary>
    /// <exception cref="GgufLayoutException">ArchitectureUnknown.</exception>
    public static Architecture Of(HuggingFaceConfig config) =>
        All.FirstOrDefault(architecture => architecture.Takes(config))
        ?? throw LayoutErrors.ArchitectureUnknown(
            config.Classes, All.SelectMany(architecture => architecture.Classes).Distinct().Order(StringComparer.Ordinal));
}
