using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Frod;

/// <summary>The factors of one layer, and the directions that it shares.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="Directions">V, <c>[in, in]</c>.</param>
/// <param name="Diagonal"><c>[in]</c>.</param>
/// <param name="Values"><c>[n]</c>: numbers beside the diagonal.</param>
/// <param name="Places"><c>[2, n]</c>: their rows and columns.</param>
internal sealed record FrodModule(string Path, StoredTensor Directions, StoredTensor Diagonal, StoredTensor Values, StoredTensor Places) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors =>
        [(FrodKind.Diagonal.Name, Diagonal), (FrodKind.Directions.Name, Directions)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight) =>
        weight.Source.Shape.Length == 2
            ?
            [
                new FrodChange(
                    weight.Adapter,
                    Path,
                    Directions,
                    Diagonal,
                    Values,
                    Places,
                    weight.IsTransposed(this, null, Diagonal.ElementCount),
                    weight.AdapterWeight
                ),
            ]
            : throw weight.Mismatch(this);
}
