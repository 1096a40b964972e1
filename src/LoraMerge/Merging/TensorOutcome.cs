using LoraMerge.Planning;

namespace LoraMerge.Merging;

/// <summary>What a merge did to one tensor.</summary>
/// <param name="Tensor">What was planned.</param>
/// <param name="ChangedShare">Elements whose bits differ from the base's, over all; null where the tensor was replaced or has another dtype.</param>
/// <param name="DeltaNorms">‖ΔW‖ of each delta, null where it is not a sum.</param>
internal sealed record TensorOutcome(PlannedTensor.Computed Tensor, double? ChangedShare, IReadOnlyList<double?> DeltaNorms)
{
    /// <summary>How large the change is, where that was asked for.</summary>
    public TensorMeasure? Measure { get; init; }

    /// <summary>The share of ΔW that the codes of a weight hold which was quantised again; null for all others.</summary>
    public double? KeptShare { get; init; }

    /// <summary>The same, with what is left of its ΔW where it was quantised again.</summary>
    /// <param name="keptShares">By the names of weights.</param>
    public TensorOutcome WithKept(IReadOnlyDictionary<string, double> keptShares) =>
        keptShares.TryGetValue(Tensor.Name, out double kept) ? this with { KeptShare = kept } : this;

    /// <summary>
    /// Whether the merged model has other bytes there than the base, or values that an adapter holds whole; of another dtype, whether anything was added.
    /// </summary>
    public bool IsChange => ChangedShare is double share ? share != 0 : DeltaNorms.Count == 0 || DeltaNorms.Any(norm => norm is not 0);
}
