using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Deft;

/// <summary>The directions of one layer, and what takes their place.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="Directions">P, <c>[out, r]</c>.</param>
/// <param name="Replacement">R, <c>[r, in]</c>; null where nothing does.</param>
/// <param name="IsOrthogonal">Whether the directions are made orthonormal first.</param>
/// <param name="Scaling">s, of R.</param>
internal sealed record DeftModule(string Path, StoredTensor Directions, StoredTensor? Replacement, bool IsOrthogonal, double Scaling) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors =>
        Replacement is null ? [(DeftKind.Directions.Name, Directions)] : [(DeftKind.Directions.Name, Directions), (DeftKind.Replacement.Name, Replacement)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight) =>
        weight.Source.Shape.Length == 2
            ?
            [
                new DeftChange(
                    weight.Adapter,
                    Path,
                    Directions,
                    Replacement,
                    IsOrthogonal,
                    weight.IsTransposed(this, Directions.RowCount, Replacement?.RowLength),
                    Scaling,
                    weight.AdapterWeight
                ),
            ]
            : throw weight.Mismatch(this);
}
