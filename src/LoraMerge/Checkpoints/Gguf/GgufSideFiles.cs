using System.Collections.Immutable;

namespace LoraMerge.Checkpoints.Gguf;

/// <summary>What a GGUF file says beside its weights, among the files of its folder.</summary>
internal static class GgufSideFiles
{
    private const string Config = "config.json";

    /// <summary>Files that say how a text becomes tokens: a folder that has one of them needs none that is made.</summary>
    private static readonly string[] s_vocabularies = ["tokenizer.json", "tokenizer.model", "vocab.json", "spiece.model", "tekken.json"];

    /// <summary>
    /// Puts them there as if they were files. Those of the folder go before them, but for config.json: many who publish GGUF files put one beside them that
    /// says next to nothing.
    /// </summary>
    /// <param name="files">The files that there are.</param>
    /// <param name="made">Name and bytes.</param>
    /// <param name="gguf">The file that says it.</param>
    public static InputRoot AddTo(InputRoot files, ImmutableDictionary<string, byte[]> made, string gguf)
    {
        InputFile source = files.Files.First(file => GgufNames.IsOne(file.RelativePath));
        IEnumerable<InputFile> added = made.Where(pair => pair.Key == Config || !IsSaidBy(files, pair.Key))
            .Select(pair => source with { RelativePath = pair.Key, FullPath = Path.GetFullPath(gguf), IsBeside = true, Content = pair.Value });
        return files with
        {
            Files = [.. files.Files.Where(file => file.RelativePath != Config).Concat(added).OrderBy(file => file.RelativePath, StringComparer.Ordinal)],
        };
    }

    /// <summary>Whether the folder has a vocabulary of its own.</summary>
    public static bool HasVocabulary(InputRoot files) => s_vocabularies.Any(name => files.FindBeside(name) is not null);

    private static bool IsSaidBy(InputRoot files, string name) =>
        files.FindBeside(name) is not null || (s_vocabularies.Contains(name) && HasVocabulary(files));
}
