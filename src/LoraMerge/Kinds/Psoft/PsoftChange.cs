using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.Psoft;

/// <summary>W + c·U·diag(σ)·(R - I)·Vᵀ over the r largest singular values of the base.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Numbers">What R is made of: <c>[r·(r - 1) / 2]</c>, or <c>[r, r]</c>.</param>
/// <param name="RowFactors"><c>[r]</c>; null for none.</param>
/// <param name="ColumnFactors"><c>[r]</c>; null for none.</param>
/// <param name="Rank">r.</param>
/// <param name="IsOrthogonal">Whether the numbers are those of a rotation, not R itself.</param>
/// <param name="SeriesTerms">Terms of the series that the rotation is; 0 for the inverse.</param>
/// <param name="Limit">The largest norm of the numbers' matrix; null for none.</param>
/// <param name="IsSplit">Whether it is √σ on both sides of R - I.</param>
/// <param name="Draw">What the directions are found from; null for a decomposition of the whole.</param>
/// <param name="IsTransposed">Whether the base stores <c>[in, out]</c>.</param>
/// <param name="AdapterWeight">c.</param>
internal sealed record PsoftChange(
    int Adapter,
    string Module,
    StoredTensor Numbers,
    StoredTensor? RowFactors,
    StoredTensor? ColumnFactors,
    int Rank,
    bool IsOrthogonal,
    int SeriesTerms,
    double? Limit,
    bool IsSplit,
    PsoftDraw? Draw,
    bool IsTransposed,
    double AdapterWeight) : WeightChange(Adapter, Module)
{
    public override string Method => IsTransposed ? "psoft-transposed" : "psoft";

    public override double Factor => AdapterWeight;

    internal override bool SeesWholeFirst => true;

    public override string Describe(Func<int, string> adapterName) => string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, rank {Rank}");

    internal override long HeldBytes(WeightFacts weight) => PsoftDelta.BytesOf(weight.RowCount, weight.RowLength);

    internal override WeightDelta Load(DeltaInputs inputs) => new PsoftDelta(this, inputs);
}
