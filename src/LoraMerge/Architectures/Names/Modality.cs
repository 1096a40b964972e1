using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace LoraMerge.Architectures.Names;

/// <summary>What a part of a model works on, as far as its name tells: a tower for images is never one for text, however alike their layers are.</summary>
internal static partial class Modality
{
    private const string Seen = "vision";

    private static readonly FrozenDictionary<string, string> KindOfWord = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["vision"] = Seen,
        ["visual"] = Seen,
        ["image"] = "image",
        ["video"] = "video",
        ["audio"] = "audio",
        ["speech"] = "audio",
        ["sound"] = "audio",
        ["talker"] = "audio",
        ["text"] = "text",
        ["language"] = "text",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether two names speak of parts that work on different things.</summary>
    public static bool Differ(string? first, string? second) =>
        first is not null && second is not null && first != second && !(IsSeen(first) && IsSeen(second) && (first == Seen || second == Seen));

    /// <summary>What a path, a class or a type works on; null where it does not tell, or tells several things.</summary>
    public static string? Of(string? name)
    {
        string[] kinds = [.. Word.Matches(name ?? "").Select(word => KindOfWord.GetValueOrDefault(word.Value)).OfType<string>().Distinct()];
        return kinds is [var only] ? only : null;
    }

    private static bool IsSeen(string kind) => kind is Seen or "image" or "video";

    /// <summary>Parts of <c>vision_tower</c> and of <c>SiglipVisionModel</c>.</summary>
    [GeneratedRegex("[A-Z]?[a-z]+", RegexOptions.CultureInvariant)]
    private static partial Regex Word { get; }
}
