using System.Collections.Frozen;
using System.Collections.Immutable;

namespace LoraMerge.Adapters;

/// <summary>All kinds of adapter that are known, found by their classes, and the table of those that are refused.</summary>
internal static class AdapterKinds
{
    private static readonly Lock Adding = new();

    private static FrozenDictionary<string, AdapterKind> s_byName = ByName([
        .. typeof(AdapterKinds).Assembly.GetTypes().Where(IsKind).Select(type => (AdapterKind)Activator.CreateInstance(type, nonPublic: true)!),
        .. UnmergedKinds.All,
    ]);

    private static ImmutableArray<string> s_leafPrefixes = LeafPrefixes();

    /// <summary>All kinds, in ordinal order of their names.</summary>
    public static ImmutableArray<AdapterKind> All => [.. s_byName.Values.OrderBy(kind => kind.PeftType, StringComparer.Ordinal)];

    /// <summary>Null where nobody has such a kind.</summary>
    public static AdapterKind? Find(string peftType) => s_byName.GetValueOrDefault(peftType);

    /// <summary>Whether a part of a tensor's name is one that only adapter tensors have, of whatever kind.</summary>
    public static bool IsLeafOfSomeKind(string part) => s_leafPrefixes.Any(prefix => part.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Makes a kind known that another assembly has.</summary>
    public static void Add(AdapterKind kind)
    {
        lock (Adding)
        {
            s_byName = ByName([.. s_byName.Values, kind]);
            s_leafPrefixes = LeafPrefixes();
        }
    }

    private static bool IsKind(Type type) => type.IsSubclassOf(typeof(AdapterKind)) && !type.IsAbstract && type != typeof(UnmergedKind);

    /// <summary>A kind that has a folder goes before its row among those that are refused.</summary>
    private static FrozenDictionary<string, AdapterKind> ByName(IEnumerable<AdapterKind> kinds) =>
        kinds
            .GroupBy(kind => kind.PeftType, StringComparer.Ordinal)
            .ToFrozenDictionary(group => group.Key, group => group.OrderBy(kind => kind is UnmergedKind).First(), StringComparer.Ordinal);

    private static ImmutableArray<string> LeafPrefixes() => [.. s_byName.Values.SelectMany(kind => kind.LeafPrefixes).Distinct(StringComparer.Ordinal)];
}
