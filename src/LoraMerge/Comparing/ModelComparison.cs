using System.Collections.Immutable;
using System.Globalization;

namespace LoraMerge.Comparing;

/// <summary>A merged model held against what its inputs give.</summary>
/// <param name="TensorCount">Tensors that were compared.</param>
/// <param name="Differences">Those that are not the same; empty when all bits are.</param>
/// <param name="Files">Files beside the weights that a merge writes, and that are missing (<see cref="DiffKind.OnlyInFirst"/>) or others here.</param>
public sealed record ModelComparison(int TensorCount, ImmutableArray<TensorDifference> Differences, ImmutableArray<FileDiff> Files)
{
    /// <summary>What its manifest says, and the merge would not; or that there is none, as where a model was left in the middle.</summary>
    public ImmutableArray<string> Manifest { get; init; } = [];

    /// <summary>What its weight files say besides tensors, and the merge would not: a line each.</summary>
    public ImmutableArray<string> Metadata { get; init; } = [];

    /// <summary>Whether the model is what its inputs give.</summary>
    public bool IsEqual => Differences.IsEmpty && Files.IsEmpty && Manifest.IsEmpty && Metadata.IsEmpty;
}

/// <summary>A tensor of a merged model that is not what its inputs give.</summary>
/// <param name="Name">The tensor.</param>
/// <param name="Reason">What is wrong with it, if its elements could not be compared: missing, another dtype or shape.</param>
/// <param name="DifferentElements">Elements that differ.</param>
/// <param name="LargestUlps">Their largest distance in units of the last place.</param>
public sealed record TensorDifference(string Name, string? Reason, long DifferentElements, long LargestUlps)
{
    /// <summary>One line.</summary>
    public string Describe() =>
        Reason is null
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{Name}: {DifferentElements} {(DifferentElements == 1 ? "element differs" : "elements differ")}, by at most {LargestUlps} ulp"
            )
            : $"{Name}: {Reason}";
}
