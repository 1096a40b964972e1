namespace LoraMerge.Agreed.ModelFiles;

/// <summary>Names of GGUF files, of which a model has one, or several called <c>NAME-00001-of-00003.gguf</c> as llama.cpp calls them.</summary>
internal static class GgufNames
{
    private const string Extension = ".gguf";
    private const string PartPattern = "*-#####-of-#####.gguf";

    /// <summary>What stands behind the name of a model in several files.</summary>
    private const int PartLength = 15;

    /// <summary>GGUF files that are no model: the part for images that goes with one, and statistics for quantisers.</summary>
    private static readonly string[] s_others = [".*", "mmproj*", "*imatrix*"];

    /// <summary>Whether a file is called like one.</summary>
    public static bool IsOne(string name) => name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>The name of a model, by that of its file.</summary>
    public static string ModelOf(string name) =>
        IsPart(name) ? name.Substring(0, name.Length - Extension.Length - PartLength) : name.Substring(0, name.Length - Extension.Length);

    /// <summary>The files among these that make up one model with a file, in their order; the file alone where its name is not that of a part.</summary>
    public static IReadOnlyList<string> PartsWith(string name, IEnumerable<string> names) => !IsPart(name) ? [name]
        : [.. names.Where(other => IsPart(other) && IsOfSameModel(name, other)).OrderBy(other => other, StringComparer.Ordinal)];

    /// <summary>The models among the files of a folder, each by its first file.</summary>
    public static IReadOnlyList<string> ModelsAmong(IEnumerable<string> names)
    {
        string[] files = [.. names.Where(name => IsOne(name) && !NamePattern.MatchesAny(s_others, name)).OrderBy(name => name, StringComparer.Ordinal)];
        return [.. files.Where(name => !IsPart(name) || PartsWith(name, files)[0] == name)];
    }

    private static bool IsPart(string name) => NamePattern.Matches(PartPattern, name);

    /// <summary>Both have the same name and count; only the number between them may be another.</summary>
    private static bool IsOfSameModel(string name, string other)
    {
        const int countLength = 5;
        int count = name.Length - Extension.Length - countLength;
        return name.Length == other.Length && ModelOf(name) == ModelOf(other) && string.CompareOrdinal(name, count, other, count, countLength) == 0;
    }
}
