using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.VbLora;

/// <summary>A and B of one module, each mixed of vectors of the bank.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="A"><c>[r, in]</c>.</param>
/// <param name="B"><c>[out, r]</c>.</param>
internal sealed record VbLoraModule(string Path, VbLoraFactor A, VbLoraFactor B) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [(VbLoraKind.A.Leaf, A.Mix), (VbLoraKind.B.Leaf, B.Mix)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight) =>
        [new LowRankChange(weight.Adapter, Path, "vblora", A, B, weight.AdapterWeight, weight.IsTransposed(this, B.Sides.Rows, A.Sides.Columns))];
}
