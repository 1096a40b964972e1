using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Psoft;

/// <param name="Rank">r.</param>
/// <param name="IsOrthogonal">Whether the numbers are those of a rotation, not the matrix itself.</param>
/// <param name="HasRowFactors">Whether its rows have factors.</param>
/// <param name="HasColumnFactors">Whether its columns have factors.</param>
/// <param name="SeriesTerms">Terms of the series that the rotation is; 0 for the inverse.</param>
/// <param name="Limit">The largest norm of the numbers' matrix; null for none.</param>
/// <param name="IsSplit">Whether the singular values stand on both sides of the rotation, each as its root.</param>
/// <param name="Draw">What the directions are found from; null for a decomposition of the whole.</param>
internal sealed record PsoftConfig(
    int Rank,
    bool IsOrthogonal,
    bool HasRowFactors,
    bool HasColumnFactors,
    int SeriesTerms,
    double? Limit,
    bool IsSplit,
    PsoftDraw? Draw) : KindConfig
{
    internal override ImmutableArray<AdaptedModule> ReadModules(AdapterTensors tensors, ICollection<MergeEvent> notes)
    {
        notes.Add(PsoftNotes.SignsAssumed(tensors.Path));
        return base.ReadModules(tensors, notes);
    }

    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        StoredTensor numbers = tensors.Needed(PsoftKind.Numbers);
        StoredTensor? rows = HasRowFactors ? tensors.Needed(PsoftKind.RowFactors) : null,
            columns = HasColumnFactors ? tensors.Needed(PsoftKind.ColumnFactors) : null;
        bool fits = IsOrthogonal
            ? numbers.Shape.Length == 1 && numbers.ElementCount == (long)Rank * (Rank - 1) / 2
            : numbers.Shape.Length == 2 && numbers.Shape[0] == Rank && numbers.Shape[1] == Rank;
        return fits && (rows?.ElementCount ?? Rank) == Rank && (columns?.ElementCount ?? Rank) == Rank
            ? new PsoftModule(tensors.Name, numbers, rows, columns, this)
            : throw Errors.RankMismatch(PsoftKind.Numbers.Name, tensors.Name, numbers, Rank);
    }
}
