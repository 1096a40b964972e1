using System.Collections.Immutable;
using LoraMerge.Checkpoints;

namespace LoraMerge.Architectures;

/// <summary>How far a change of one end of a tied pair goes.</summary>
internal enum VocabularyChange
{
    /// <summary>To the module that it names: embedding and head part.</summary>
    OneEnd,

    /// <summary>To all modules that share the tensor.</summary>
    AllEnds,
}

/// <summary>The modules that hold one number per token: input embedding, output head, and in encoder-decoder models the embeddings of both halves.</summary>
/// <param name="Embedding">Path of the input embedding in the files; null where none was recognised.</param>
/// <param name="Head">Path of the output head, stored or not; null where the model has none.</param>
/// <param name="Others">Further modules that share a tied embedding, stored or not.</param>
/// <param name="IsTied">Whether they are one tensor, of which the files need hold only one.</param>
internal sealed record Vocabulary(string? Embedding, string? Head, ImmutableArray<string> Others, bool IsTied)
{
    /// <summary>Whether adapters change one end alone, so that the ends become tensors of their own.</summary>
    public bool IsParted { get; init; }

    /// <summary>All modules that share the tensor.</summary>
    public IEnumerable<string> Members => ((string?[])[Embedding, Head, .. Others]).OfType<string>();

    public bool IsMember(string module) => module == Embedding || module == Head || Others.Contains(module);

    /// <summary>The modules whose tensors a change of <paramref name="module"/> acts on.</summary>
    public IEnumerable<string> MembersChangedWith(string module, VocabularyChange change) =>
        !IsParted ? StoredMembers : change == VocabularyChange.AllEnds ? Members : [module];

    /// <summary>Tied members that the files hold: one, or equal copies.</summary>
    public ImmutableArray<string> StoredMembers { get; private init; } = [];

    /// <summary>Reads names and config.json; compares no values.</summary>
    /// <param name="checkpoint">The base.</param>
    /// <param name="hasHead">Whether the trained model has an output head; adapters of classifiers have not.</param>
    public static Vocabulary Of(Checkpoint checkpoint, bool hasHead)
    {
        string[] modules =
        [
            .. checkpoint.TensorNames.Where(name => name.EndsWith(".weight", StringComparison.Ordinal)).Select(name => name[..^".weight".Length]),
        ];
        string? embedding = modules
            .Where(VocabularyNames.IsEmbedding)
            .OrderBy(module => module.Split('.')[^1] != "shared")
            .ThenBy(module => module.Length)
            .ThenBy(module => module, StringComparer.Ordinal)
            .FirstOrDefault();
        string? storedHead = modules
            .Where(VocabularyNames.IsHead)
            .OrderBy(module => module.Length)
            .ThenBy(module => module, StringComparer.Ordinal)
            .FirstOrDefault();
        ModelConfig config = checkpoint.Config;
        ConfigPart part = config.PartOf(embedding ?? "");
        bool hasHeadClass = !config.Architectures.Any() || config.Architectures.Any(VocabularyNames.HasHead);
        if (embedding is null || (storedHead is null && !(hasHead && hasHeadClass)))
            return new Vocabulary(embedding, storedHead, [], IsTied: false);
        string head = storedHead ?? VocabularyNames.HeadOf(embedding, part.ModelType);
        // Where the model and its part disagree, files without a head tell.
        bool saysTied = storedHead is null && part.Flag("tie_word_embeddings");
        bool isTied = hasHead
            && (saysTied || (part.TieWordEmbeddings ?? (part.ModelType is string family ? VocabularyNames.IsTiedByDefault(family) : storedHead is null)));
        ImmutableArray<string> others = OthersOf(embedding);
        return new Vocabulary(embedding, isTied || storedHead is not null ? head : null, isTied ? others : [], isTied)
        {
            StoredMembers = [.. ((string[])[embedding, head, .. others]).Where(member => checkpoint.TryFind(member + ".weight", out _))],
        };
    }

    /// <summary>The weight of a module; of a head that is the embedding's, the embedding's. Null where the base has neither.</summary>
    public static TensorSource? WeightOf(string module, Checkpoint checkpoint)
    {
        if (checkpoint.TryFind(module + ".weight", out TensorSource? weight))
            return weight;
        return VocabularyNames.IsHead(module)
            && Of(checkpoint, hasHead: true) is { IsTied: true, Embedding: string embedding, Head: string head } && module == head
            && checkpoint.TryFind(embedding + ".weight", out TensorSource? shared) ? shared : null;
    }

    /// <summary>Encoder-decoder models share one embedding between both halves.</summary>
    private static ImmutableArray<string> OthersOf(string embedding)
    {
        if (embedding.Split('.')[^1] != "shared")
            return [];
        string prefix = embedding[..^"shared".Length];
        return [$"{prefix}encoder.embed_tokens", $"{prefix}decoder.embed_tokens"];
    }
}
