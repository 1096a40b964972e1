using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Boft;

/// <summary>The blocks of one layer's rotation, and the factors of its outputs.</summary>
internal sealed record BoftModule(string Path, StoredTensor Blocks, StoredTensor Factors) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [("boft_R", Blocks), ("boft_s", Factors)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        bool fits =
            weight.Source.Shape.Length >= 2 && weight.Source.RowCount == Factors.ElementCount && weight.Source.RowLength == Blocks.Shape[1] * Blocks.Shape[2];
        weight.IsTransposed(this, fits, fitsTransposed: false);
        return [new BoftChange(weight.Adapter, Path, Blocks, Factors, weight.AdapterWeight)];
    }
}
