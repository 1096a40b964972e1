using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Checkpoints;
using LoraMerge.Manifests;
using LoraMerge.Merging;
using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge.Reports;

/// <summary>Puts together what is known of a merge: the manifest, and what was measured.</summary>
internal static class ReportBuilder
{
    /// <summary>From the manifest of a merged model, and the headers of its weight files where they can be read.</summary>
    public static MergeReport Of(MergeManifest manifest, Checkpoint? merged)
    {
        TensorSource[] stored = [.. merged?.TensorNames.Select(name => Find(merged, name)!) ?? []];
        ReportedModel model = merged is null
            ? new ReportedModel(null, null, null)
            : new ReportedModel(stored.Length, stored.Sum(tensor => tensor.ElementCount), stored.Sum(tensor => tensor.ByteLength));
        return Make(ReportSource.Manifest, manifest, model, [.. manifest.Tensors.Select(tensor => Of(tensor.Key, tensor.Value, Find(merged, tensor.Key)))]);
    }

    /// <summary>From a merge that ran.</summary>
    /// <param name="source">Whether it wrote the model.</param>
    /// <param name="manifest">What it did.</param>
    /// <param name="plan">What it was to do.</param>
    /// <param name="byteLength">Bytes of the weights.</param>
    /// <param name="outcomes">What became of each tensor, with its measures.</param>
    public static MergeReport Of(ReportSource source, MergeManifest manifest, MergePlan plan, long byteLength, IEnumerable<TensorOutcome> outcomes)
    {
        var known = outcomes.DistinctBy(outcome => outcome.Tensor.Name).ToDictionary(outcome => outcome.Tensor.Name, StringComparer.Ordinal);
        var model = new ReportedModel(plan.Tensors.Count(), plan.Tensors.Sum(tensor => tensor.Source.ElementCount), byteLength);
        return Make(source, manifest, model, [.. manifest.Tensors.Select(tensor => Of(tensor.Key, tensor.Value, known.GetValueOrDefault(tensor.Key)))]);
    }

    /// <returns>Null for what is no finite number, which JSON does not have.</returns>
    public static double? SixDigits(double? value) => value is double number && double.IsFinite(number)
        ? double.Parse(number.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
        : null;

    private static MergeReport Make(ReportSource source, MergeManifest manifest, ReportedModel model, ImmutableArray<ReportedTensor> tensors)
    {
        ReportedTensor[] measured = [.. tensors.Where(tensor => tensor is { WeightNorm: not null, DeltaNorm: not null })];
        ReportedTensor[] rounded = [.. measured.Where(tensor => tensor.KeptShare is not null)];
        ReportedTensor[] counted = [.. tensors.Where(tensor => tensor is { ChangedShare: not null, ElementCount: not null })];
        return new MergeReport(source, ManifestHead.Of(manifest), model with
        {
            RelativeChange = Share(Norm(measured, tensor => tensor.DeltaNorm!.Value), Norm(measured, tensor => tensor.WeightNorm!.Value)),
            KeptShare = Share(
                rounded.Sum(tensor => tensor.KeptShare!.Value * tensor.DeltaNorm!.Value * tensor.DeltaNorm.Value),
                rounded.Sum(tensor => tensor.DeltaNorm!.Value * tensor.DeltaNorm.Value)),
            ChangedShare = Share(
                counted.Sum(tensor => tensor.ChangedShare!.Value * tensor.ElementCount!.Value), counted.Sum(tensor => (double)tensor.ElementCount!.Value)),
        }, tensors);
    }

    private static ReportedTensor Of(string name, ManifestTensor tensor, TensorSource? stored) =>
        Of(name, tensor, stored?.DType, stored?.Shape, [.. tensor.Deltas.Select(_ => (long?)null)]);

    private static ReportedTensor Of(string name, ManifestTensor tensor, TensorOutcome? outcome)
    {
        if (outcome is null)
            return Of(name, tensor, stored: null);
        DType dtype = outcome.Tensor.RoundedTo ?? outcome.Tensor.DType;
        ReportedTensor reported = Of(name, tensor, dtype, outcome.Tensor.Shape, [.. outcome.Tensor.Changes.Select(change => change.DirectionCount)]);
        if (outcome.Measure is not TensorMeasure measure)
            return reported;
        // The norm of a single product is exact: it comes from the factors.
        double delta = tensor.Deltas is [{ Norm: double norm }] ? norm : measure.DeltaNorm;
        return reported with
        {
            WeightNorm = SixDigits(measure.WeightNorm),
            DeltaNorm = SixDigits(delta),
            RelativeChange = Share(delta, measure.WeightNorm),
            KeptShare = SixDigits(measure.KeptShare),
            SingularValues = measure.SingularValues.IsEmpty ? null : [.. measure.SingularValues.Select(value => SixDigits(value) ?? 0)],
        };
    }

    private static ReportedTensor Of(string name, ManifestTensor tensor, DType? dtype, ImmutableArray<long>? shape, ImmutableArray<long?> ranks) =>
        new(
            name,
            tensor.ReplacedBy,
            [.. tensor.Deltas.Zip(ranks, (delta, rank) => new ReportedDelta(delta.Adapter, delta.Method, rank, delta.Scaling, delta.Norm))])
        {
            DType = dtype?.HeaderName(),
            Shape = shape,
            ChangedShare = tensor.ChangedShare,
            DeltaNorm = tensor.Deltas is [var only] ? only.Norm : null,
        };

    private static TensorSource? Find(Checkpoint? merged, string name) => merged is not null && merged.TryFind(name, out TensorSource? stored) ? stored : null;

    private static double Norm(IEnumerable<ReportedTensor> tensors, Func<ReportedTensor, double> norm) =>
        Math.Sqrt(tensors.Sum(tensor => norm(tensor) * norm(tensor)));

    private static double? Share(double part, double whole) => whole > 0 ? SixDigits(part / whole) : null;
}
