using System.Collections.Immutable;

namespace LoraMerge.Reports;

/// <summary>What the colour of a cell can mean.</summary>
/// <param name="Id">A word for the page's markup.</param>
/// <param name="Title">What a reader chooses.</param>
/// <param name="Meaning">One sentence.</param>
/// <param name="Value">The number of a cell, which may stand for several tensors; null where it is not known.</param>
/// <param name="Show">A number, short.</param>
internal sealed record HeatMetric(string Id, string Title, string Meaning, Func<ImmutableArray<ReportedTensor>, double?> Value, Func<double?, string> Show)
{
    private static readonly HeatMetric s_change = new(
        "change", "Size of the change", "‖ΔW‖ / ‖W‖: the norm of what was added, as a share of the norm of the weight.", RelativeChange, NumberText.Percent);

    private static readonly HeatMetric s_norm = new(
        "norm", "Norm of the change", "‖ΔW‖: the norm of what was added (‖W‖ is not in a manifest).", DeltaNorm, NumberText.Short);

    private static readonly HeatMetric s_share = new(
        "share", "Elements changed", "Elements whose bits differ from the base’s, as a share of all.", ChangedShare, NumberText.Percent);

    private static readonly HeatMetric s_kept = new(
        "kept",
        "Kept by rounding",
        "⟨ΔW′, ΔW⟩ / ‖ΔW‖²: how much of the change is left when the result is rounded to its dtype.",
        KeptShare,
        NumberText.Percent);

    /// <summary>Those of which a report knows anything.</summary>
    public static ImmutableArray<HeatMetric> Of(MergeReport report) =>
    [
        .. report.Tensors.Any(tensor => tensor.RelativeChange is not null) ? [s_change]
            : report.Tensors.Any(tensor => tensor.DeltaNorm is not null) ? [s_norm]
            : Array.Empty<HeatMetric>(),
        .. report.Tensors.Any(tensor => tensor.ChangedShare is not null) ? [s_share] : Array.Empty<HeatMetric>(),
        .. report.Tensors.Any(tensor => tensor.KeptShare is not null) ? [s_kept] : Array.Empty<HeatMetric>(),
    ];

    private static double? RelativeChange(ImmutableArray<ReportedTensor> tensors) => tensors is [var only]
        ? only.RelativeChange
        : Quotient(
            Sum(tensors, tensor => tensor.WeightNorm is null ? null : tensor.DeltaNorm * tensor.DeltaNorm),
            Sum(tensors, tensor => tensor.DeltaNorm is null ? null : tensor.WeightNorm * tensor.WeightNorm)) is double square ? Math.Sqrt(square) : null;

    private static double? DeltaNorm(ImmutableArray<ReportedTensor> tensors) =>
        tensors is [var only] ? only.DeltaNorm : Sum(tensors, tensor => tensor.DeltaNorm * tensor.DeltaNorm) is double square ? Math.Sqrt(square) : null;

    private static double? ChangedShare(ImmutableArray<ReportedTensor> tensors) => tensors is [var only]
        ? only.ChangedShare
        : Quotient(
            Sum(tensors, tensor => tensor.ChangedShare * (tensor.ElementCount ?? 1)),
            Sum(tensors, tensor => tensor.ChangedShare is null ? null : tensor.ElementCount ?? 1));

    private static double? KeptShare(ImmutableArray<ReportedTensor> tensors) => tensors is [var only]
        ? only.KeptShare
        : Quotient(
            Sum(tensors, tensor => tensor.KeptShare * tensor.DeltaNorm * tensor.DeltaNorm),
            Sum(tensors, tensor => tensor.KeptShare is null ? null : tensor.DeltaNorm * tensor.DeltaNorm));

    private static double? Sum(ImmutableArray<ReportedTensor> tensors, Func<ReportedTensor, double?> term)
    {
        double[] known = [.. tensors.Select(term).OfType<double>()];
        return known.Length == 0 ? null : known.Sum();
    }

    private static double? Quotient(double? part, double? whole) => whole > 0 ? part / whole : null;
}
