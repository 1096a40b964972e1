using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Osf;

/// <summary>The trained directions of one layer: W′ = W - (its n smallest singular values with their vectors) + U·diag(S)·V.</summary>
/// <remarks>PEFT, <c>osf/utils.py reconstruct_weight_matrix</c>: the largest part of a singular value decomposition in float32, each factor rounded to W's
/// dtype, plus the trained one.</remarks>
internal sealed record OsfModule(string Path, StoredTensor U, StoredTensor S, StoredTensor V) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [("U_low", U), ("S_low", S), ("V_low", V)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        bool fits =
            weight.Source.Shape is [var outputs, var inputs] && outputs == U.RowCount && inputs == V.RowLength && S.ElementCount <= Math.Min(outputs, inputs);
        weight.IsTransposed(this, fits, fitsTransposed: false);
        if (S.ElementCount == 0)
            return [];
        return
        [
            new ReducedBaseChange(weight.Adapter, Path, BasePart.ReplacedSingularValues, (int)S.ElementCount, 1, weight.AdapterWeight),
            new LowRankChange(
                weight.Adapter,
                Path,
                "osf",
                new StoredFactor(V),
                new DiagonalFactor(new StoredFactor(U), S),
                weight.AdapterWeight,
                IsTransposed: false
            ),
        ];
    }
}
