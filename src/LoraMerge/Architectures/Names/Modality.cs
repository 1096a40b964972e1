using System.Collections.Immutable;

namespace LoraMerge.Architectures.Names;

/// <summary>What a part of a model works on, as far as its name tells: a tower for images is never one for text, however alike their layers are.</summary>
internal static class Modality
{
    private static readonly ImmutableArray<(string Word, string Kind)> Words =
    [
        ("vision", "vision"), ("visual", "vision"), ("image", "image"), ("video", "video"),
        ("audio", "audio"), ("speech", "audio"), ("sound", "audio"), ("talker", "audio"),
        ("text", "text"), ("language", "text"),
    ];

    /// <summary>Whether two names speak of parts that work on different things.</summary>
    public static bool Differ(string? first, string? second) =>
        first is not null && second is not null && first != second && !(IsSeen(first) && IsSeen(second) && (first == "vision" || second == "vision"));

    /// <summary>What a path, a class or a type works on; null where it does not tell, or tells several things.</summary>
    public static string? Of(string? name)
    {
        if (name is null)
            return null;
        string[] kinds = [.. Words.Where(pair => name.Contains(pair.Word, StringComparison.OrdinalIgnoreCase)).Select(pair => pair.Kind).Distinct()];
        return kinds is [var only] ? only : null;
    }

    private static bool IsSeen(string kind) => kind is "vision" or "image" or "video";
}
