using LoraMerge.Formats.Gguf;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Comparing;

/// <summary>Holds the keys of two GGUF files to each other.</summary>
internal static class GgufMetadataDifferences
{
    /// <param name="found">Those that are there.</param>
    /// <param name="expected">Those that should be.</param>
    /// <param name="counts">Whether a key counts.</param>
    /// <returns>A line for each key that is another.</returns>
    public static IEnumerable<string> Of(GgufMetadata found, GgufMetadata expected, Func<string, bool> counts)
    {
        foreach (string key in expected.Concat(found).Select(pair => pair.Key).Distinct(StringComparer.Ordinal).Where(counts))
        {
            bool isThere = found.TryGet(key, out GgufValue one), isExpected = expected.TryGet(key, out GgufValue other);
            if (!isThere)
                yield return $"{key} is missing";
            else if (!isExpected)
                yield return $"{key} = {GgufFacts.Text(one)} is not expected";
            else if (!AreEqual(one, other))
                yield return $"{key} = {GgufFacts.Text(one)} instead of {GgufFacts.Text(other)}{(one.ElementType is null ? "" : ", with other elements")}";
        }
    }

    private static bool AreEqual(GgufValue one, GgufValue other) => one.Type == other.Type && one.ElementType == other.ElementType
        && (one.Value is Array elements ? elements.Cast<object>().SequenceEqual(((Array)other.Value).Cast<object>()) : one.Value.Equals(other.Value));
}
