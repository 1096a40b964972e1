using System.Collections.Immutable;
using LoraMerge.Beside;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>Warns of files that those who open the merged model will look for in vain.</summary>
internal static class MissingFiles
{
    /// <summary>Names of vocabularies that do not begin with <c>tokenizer</c>.</summary>
    private static readonly string[] Vocabularies =
    [
        "vocab.json",
        "vocab.txt",
        "vocab.bpe",
        "merges.txt",
        "spiece.model",
        "sentencepiece.bpe.model",
        "sentencepiece.model",
        "source.spm",
        "tekken.json",
        "bpe.codes",
    ];

    /// <param name="checkpoint">The base model.</param>
    /// <param name="sideFiles">The files that stand beside the weights of the result, those of the adapters among them.</param>
    public static IEnumerable<MergeEvent> Of(Checkpoint checkpoint, ImmutableArray<SideFile> sideFiles)
    {
        if (checkpoint.Notes.Any(note => note.Code is DiagnosticCode.GgufTokenizerLeftOut or DiagnosticCode.GgufNamesKept))
            yield break; // said, with the reason
        if (checkpoint.IsSingleFile)
        {
            if (File.Exists(Path.Combine(checkpoint.Folder, "config.json")))
                yield return Notes.OnlyWeightsNamed(checkpoint.Path, checkpoint.Folder);
        }
        else if (checkpoint.Config.File is null)
            yield return Notes.ConfigMissing(checkpoint.Path);
        // A model of images or sounds alone has no vocabulary.
        else if (checkpoint.Config.Number("vocab_size") is not null && !sideFiles.Any(file => IsTokenizer(file.RelativePath)))
            yield return Notes.TokenizerMissing(checkpoint.Path);
    }

    private static bool IsTokenizer(string name) =>
        name.StartsWith("tokenizer", StringComparison.Ordinal)
        || Vocabularies.Contains(name, StringComparer.Ordinal)
        || name.EndsWith(".tiktoken", StringComparison.Ordinal);
}
