using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Psoft;

/// <summary>The rotation of one layer.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="Numbers">What the rotation is made of.</param>
/// <param name="RowFactors">Factors of its rows; null for none.</param>
/// <param name="ColumnFactors">Factors of its columns; null for none.</param>
/// <param name="Config">How it is made.</param>
internal sealed record PsoftModule(string Path, StoredTensor Numbers, StoredTensor? RowFactors, StoredTensor? ColumnFactors, PsoftConfig Config)
    : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [(PsoftKind.Numbers.Name, Numbers)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        if (weight.Source.Shape.Length != 2 || Math.Min(weight.Source.RowCount, weight.Source.RowLength) < Config.Rank)
            throw weight.Mismatch(this);
        bool isTransposed = weight.IsTransposed(this, null, null);
        return
        [
            new PsoftChange(
                weight.Adapter,
                Path,
                Numbers,
                RowFactors,
                ColumnFactors,
                Config.Rank,
                Config.IsOrthogonal,
                Config.SeriesTerms,
                Config.Limit,
                Config.IsSplit,
                Config.Draw,
                isTransposed,
                weight.AdapterWeight
            ),
        ];
    }
}
