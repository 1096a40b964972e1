using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.SuperTuning;

/// <summary>The changed numbers of one layer, and the product beside them where there is one.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="Values"><c>[n]</c>.</param>
/// <param name="Places"><c>[n]</c>; null where the largest numbers of the base tell.</param>
/// <param name="A"><c>[r, in]</c>; null for none.</param>
/// <param name="B"><c>[out, r]</c>; null for none.</param>
/// <param name="Sparsity">The part of the numbers that stay.</param>
/// <param name="SelectsLeast">Whether the least numbers change instead of the largest.</param>
/// <param name="Scaling">s of the product.</param>
internal sealed record SuperTuningModule(
    string Path,
    StoredTensor Values,
    StoredTensor? Places,
    StoredTensor? A,
    StoredTensor? B,
    double Sparsity,
    bool SelectsLeast,
    double Scaling
) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors =>
        A is null || B is null
            ? [(SuperTuningKind.Values.Name, Values)]
            : [(SuperTuningKind.Values.Name, Values), (SuperTuningKind.A.Name, A), (SuperTuningKind.B.Name, B)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        // How many numbers a weight of this size has changed is all that the values tell of its sides.
        bool fits = weight.Source.Shape.Length == 2 && Values.ElementCount == (long)(weight.Source.ElementCount * (1 - Sparsity));
        weight.IsTransposed(
            this,
            fits && (B is null || B.RowCount == weight.Source.RowCount) && (A is null || A.RowLength == weight.Source.RowLength),
            fitsTransposed: false
        );
        yield return new SuperTuningChange(weight.Adapter, Path, Values, Places, Places is null && SelectsLeast, weight.AdapterWeight);
        if (A is not null && B is not null)
            yield return new LowRankChange(
                weight.Adapter,
                Path,
                "supertuning-product",
                new StoredFactor(A),
                new StoredFactor(B),
                Scaling * weight.AdapterWeight,
                IsTransposed: false
            );
    }
}
