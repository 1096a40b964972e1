using System.Collections.Immutable;

namespace LoraMerge.Merging;

/// <summary>How large the change of a tensor is, for a report.</summary>
/// <param name="WeightNorm">‖W‖ (Frobenius) of the base.</param>
/// <param name="DeltaNorm">‖ΔW‖, as it was before the result was rounded.</param>
/// <param name="KeptShare">
/// ⟨ΔW′, ΔW⟩ / ‖ΔW‖², where ΔW′ is the rounded result less the base; null where nothing is added, or where another format rounds.
/// </param>
/// <param name="SingularValues">Those of ΔW, the largest first; empty where ΔW is no sum of low-rank products.</param>
internal sealed record TensorMeasure(double WeightNorm, double DeltaNorm, double? KeptShare, ImmutableArray<double> SingularValues);
