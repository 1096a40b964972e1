using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.LoKr;

/// <summary>Both sides of the Kronecker product of one module.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="Stored">One of its tensors, for messages.</param>
/// <param name="First">w₁ <c>[a, c]</c>, of which each element is one block of the weight.</param>
/// <param name="Second">w₂ <c>[b, d]</c>, of convolutions with the kernels flattened: what stands in every block.</param>
/// <param name="Scaling">alpha/r.</param>
internal sealed record LoKrModule(string Path, StoredTensor Stored, LowRankFactor First, LowRankFactor Second, double Scaling) : AdaptedModule(Path)
{
    /// <summary>Whether w₂ is <c>[b, d, k]</c>, of which PEFT makes another product; <see cref="LoKrDelta"/> says which.</summary>
    public bool IsConvolution1D { get; init; }

    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [(Stored.Name.Split('.')[^1], Stored)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        bool isTransposed = weight.IsTransposed(this, First.Sides.Rows * Second.Sides.Rows, First.Sides.Columns * Second.Sides.Columns);
        if (
            IsConvolution1D
            && (isTransposed || weight.Source.Shape is not [_, _, var kernel] || Second is not StoredFactor second || second.Stored.Shape[2] != kernel)
        )
            throw weight.Mismatch(this);
        return
        [
            new LoKrChange(weight.Adapter, Path, First, Second, Scaling * weight.AdapterWeight, isTransposed, IsConvolution1D ? weight.Source.Shape[2] : null),
        ];
    }
}
