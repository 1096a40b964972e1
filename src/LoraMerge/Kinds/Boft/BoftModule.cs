using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Boft;

/// <summary>The blocks of one layer's rotation, and the factors of its outputs.</summary>
/// <param name="Path"><inheritdoc/></param>
/// <param name="Blocks"><c>[factors, blocks, n, n]</c>.</param>
/// <param name="Factors">One for each output.</param>
/// <param name="TurnsAcross">Whether a release wrote it that read the weights of convolutions as inputs by outputs.</param>
internal sealed record BoftModule(string Path, StoredTensor Blocks, StoredTensor Factors, bool TurnsAcross) : AdaptedModule(Path)
{
    /// <summary>Convolutions have a row of factors, linear layers a column.</summary>
    public bool IsOfConvolution => Factors.Shape[0] == 1 && Factors.Shape[1] != 1;

    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [("boft_R", Blocks), ("boft_s", Factors)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        bool fits =
            weight.Source.Shape.Length >= 2 && weight.Source.RowCount == Factors.ElementCount && weight.Source.RowLength == Blocks.Shape[1] * Blocks.Shape[2];
        weight.IsTransposed(this, fits, fitsTransposed: false);
        return [new BoftChange(weight.Adapter, Path, Blocks, Factors, TurnsAcross && weight.Source.Shape.Length > 2, weight.AdapterWeight)];
    }
}
