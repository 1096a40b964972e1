using System.Collections.Immutable;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.VbLora;

/// <summary>How a file says of which vectors a matrix is mixed.</summary>
/// <param name="Leaf">Name of the tensor with a number for each vector of the bank.</param>
internal sealed record MixRoles(string Leaf)
{
    /// <summary>A number for each vector, <c>[…, …, vectors]</c>; the largest few count.</summary>
    public TensorRole Logits { get; } = new(Leaf) { Dimensions = [3] };

    /// <summary>Which vectors, <c>[…, …, k]</c>, where only what counts was saved.</summary>
    public TensorRole Indices { get; } = new(Leaf + "_topk_indices") { HoldsIndices = true, Dimensions = [3] };

    /// <summary>Their shares, <c>[…, …, k - 1]</c>: the last is what is left of one.</summary>
    public TensorRole Shares { get; } = new(Leaf + "_topk_weights") { Dimensions = [3] };

    public ImmutableArray<TensorRole> All => [Logits, Indices, Shares];
}
