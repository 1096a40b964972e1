using LoraMerge.Adapters;
using LoraMerge.Architectures;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.TrainableTokens;

/// <summary>Nothing decides the merge but the tensors and the numbers of the tokens.</summary>
internal sealed record TrainableTokensConfig : KindConfig
{
    internal override IEnumerable<(string Name, object Value)> Facts(Adapter adapter) =>
        [("in words", $"It replaces {adapter.Rows.Sum(rows => rows.Indices.Length)} rows of {AdapterWords.Places(adapter.Rows.Select(rows => rows.Module))}.")];

    /// <summary>Where embedding and head are one, both share one adapter, which PEFT writes twice: the head's copy is left out.</summary>
    internal override Adapter Complete(Adapter adapter, Checkpoint checkpoint)
    {
        if (adapter.Rows.Length < 2 || !Vocabulary.Of(checkpoint, hasHead: true).IsTied)
            return adapter;
        SavedRows[] copies = [.. adapter.Rows.Where(rows => VocabularyNames.IsHead(rows.Module))];
        return adapter with { Rows = [.. adapter.Rows.Except(copies)], Ignored = [.. adapter.Ignored, .. copies.Select(rows => rows.Rows.Name)] };
    }
}
