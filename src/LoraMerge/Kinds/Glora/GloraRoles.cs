using System.Collections.Immutable;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.Glora;

/// <summary>The tensors that one of GLoRA's five terms may have.</summary>
/// <param name="Leaf">Such as <c>glora_A</c>.</param>
internal sealed record GloraRoles(string Leaf)
{
    /// <summary>First factor of a product.</summary>
    public TensorRole Left { get; } = new(Leaf) { Parameter = "Xd", Dimensions = [2] };

    /// <summary>Second factor of a product.</summary>
    public TensorRole Right { get; } = new(Leaf) { Parameter = "Xu", Dimensions = [2] };

    /// <summary>A vector, or one number.</summary>
    public TensorRole Vector { get; } = new(Leaf) { Parameter = "X", Dimensions = [1, 2] };

    /// <summary>What stands for a term that is left out.</summary>
    public TensorRole Zeros { get; } = new(Leaf) { Parameter = "zeros" };

    public ImmutableArray<TensorRole> All => [Left, Right, Vector, Zeros];
}
