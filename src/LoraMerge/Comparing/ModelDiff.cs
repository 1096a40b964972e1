using System.Collections.Immutable;
using LoraMerge.Beside;
using LoraMerge.Checkpoints;

namespace LoraMerge.Comparing;

/// <summary>Two models held against each other.</summary>
/// <param name="TensorCount">Names of tensors in either.</param>
/// <param name="Tensors">Those that are not the same, in the order of their names; empty when all bits are.</param>
/// <param name="FileCount">Files beside the weights in either.</param>
/// <param name="Files">Those that are not the same, in the order of their names.</param>
public sealed record ModelDiff(int TensorCount, ImmutableArray<TensorDiff> Tensors, int FileCount, ImmutableArray<FileDiff> Files)
{
    /// <summary>What else their weight files say otherwise, as the keys of GGUF files: a line each, the second model's value first.</summary>
    public ImmutableArray<string> Metadata { get; init; } = [];

    /// <summary>Whether nothing differs.</summary>
    public bool IsEmpty => Tensors.IsEmpty && Files.IsEmpty && Metadata.IsEmpty;

    internal static ModelDiff Between(Checkpoint first, Checkpoint second, CancellationToken cancellation)
    {
        string[] names = [.. first.TensorNames.Union(second.TensorNames, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        ImmutableArray<TensorDiff>.Builder tensors = ImmutableArray.CreateBuilder<TensorDiff>();
        using var comparer = new TensorComparer();
        foreach (string name in names)
        {
            first.TryFind(name, out TensorSource? one);
            second.TryFind(name, out TensorSource? other);
            TensorDiff? diff = one is null ? new TensorDiff(name, DiffKind.OnlyInSecond, other!.DType, other.ElementCount)
                : other is null ? new TensorDiff(name, DiffKind.OnlyInFirst, one.DType, one.ElementCount)
                : comparer.Compare(one, other, cancellation);
            if (diff is not null)
                tensors.Add(diff);
        }

        Dictionary<string, SideSource> ofFirst = SideFileChoice.Of(first), ofSecond = SideFileChoice.Of(second);
        string[] files = [.. ofFirst.Keys.Union(ofSecond.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return new ModelDiff(names.Length, tensors.ToImmutable(), files.Length, [.. files.Select(file => Compare(file, ofFirst, ofSecond)).OfType<FileDiff>()]);
    }

    private static FileDiff? Compare(string file, Dictionary<string, SideSource> first, Dictionary<string, SideSource> second) =>
        !first.TryGetValue(file, out SideSource? one) ? new FileDiff(file, DiffKind.OnlyInSecond)
        : !second.TryGetValue(file, out SideSource? other) ? new FileDiff(file, DiffKind.OnlyInFirst)
        : one.HasSameBytesAs(other) ? null
        : new FileDiff(file, DiffKind.Values);
}

/// <summary>A file beside the weights that is not the same in two models.</summary>
/// <param name="RelativePath">The file, below the model's folder.</param>
/// <param name="Kind">How they differ.</param>
public sealed record FileDiff(string RelativePath, DiffKind Kind);
