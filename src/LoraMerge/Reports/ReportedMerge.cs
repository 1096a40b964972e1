using System.Collections.Immutable;
using System.Diagnostics;
using LoraMerge.Checkpoints;
using LoraMerge.Comparing;
using LoraMerge.Devices;
using LoraMerge.Diagnostics;
using LoraMerge.Formats;
using LoraMerge.Manifests;
using LoraMerge.Merging;
using LoraMerge.Planning;
using LoraMerge.Requests;
using LoraMerge.Writing;

namespace LoraMerge.Reports;

/// <summary>Computes a merge to measure it: one pass over the base, bounded as a merge is, that writes nothing.</summary>
internal static class ReportedMerge
{
    /// <param name="inputs">Base and adapters.</param>
    /// <param name="layout">What the merge would write.</param>
    /// <param name="known">Hashes of inputs that need not be computed again.</param>
    /// <param name="report">Told what a merge would tell, and how far the pass has come.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="LoraMergeException">LORA1109 to LORA1111, LORA3013, 5xxx.</exception>
    public static MergeReport Compute(OpenedInputs inputs, ModelLayout layout, InputHashes known, Action<MergeEvent> report, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        ComputeDevice device = ComputeDevice.Open(inputs.Request.Device, inputs.Request.NativesFolder);
        foreach (Shard shard in inputs.Adapters.SelectMany(adapter => adapter.Weights))
            TensorFiles.ThrowIfDamaged(shard);
        MergePlan plan = layout.Plan.Tensors.Any() ? layout.Plan : inputs.Plan(); // an adapter alone is written without a tensor of the base
        using var files = new TensorFiles(inputs.Checkpoint.Shards);
        long passed = 0, total = plan.ByteLength;
        var pipeline = new MergePipeline(
            plan,
            PipelineOptions.Of(inputs.Request with { IsMeasured = true }, device, heldBytes: 0),
            bytes => report(new MergeEvent.Progress(passed += bytes, total)));
        IReadOnlyList<TensorOutcome> outcomes = pipeline.Run(files, Discard, cancellation);
        InputHashes hashes = known.With(inputs.Checkpoint.Shards.Select(shard => KeyValuePair.Create(shard.File, files.HashOf(shard.File))));
        ImmutableArray<HashedInput> hashed = hashes.Complete(inputs.Snapshot.Roots, cancellation);
        MergeManifest manifest = ManifestBuilder.Build(inputs, layout, outcomes, hashed, files: [], recipes: null);
        InputSnapshot.ThrowIfChanged(hashed);
        foreach (MergeEvent told in IdleAdapters.Of(outcomes, inputs).Concat(AdaptersInBase.Of(inputs, manifest)))
            report(told);
        MergeReport measured = ReportBuilder.Of(ReportSource.Computation, manifest, plan, layout.ByteLengthOf(layout.Plan), outcomes);
        measured = measured with { Tensors = [.. Replaced(measured.Tensors, outcomes, inputs.Checkpoint, cancellation)] };
        return measured with { Run = new ReportedRun(files.ReadByteLength, 0, outcomes.Count, Math.Round(watch.Elapsed.TotalSeconds, 2)) };
    }

    private static void Discard(MergedBlocks blocks)
    {
        while (blocks.Next())
        {
        }
    }

    /// <summary>Holds tensors that an adapter has whole to those whose place they take.</summary>
    private static IEnumerable<ReportedTensor> Replaced(
        ImmutableArray<ReportedTensor> tensors, IEnumerable<TensorOutcome> outcomes, Checkpoint checkpoint, CancellationToken cancellation)
    {
        var whole = outcomes.Where(outcome => outcome.Tensor is { ReplacedBy: not null, Changes.IsEmpty: true })
            .DistinctBy(outcome => outcome.Tensor.Name)
            .ToDictionary(outcome => outcome.Tensor.Name, outcome => outcome.Tensor.Source, StringComparer.Ordinal);
        using var comparer = new TensorComparer();
        foreach (ReportedTensor tensor in tensors)
        {
            bool isHeld = whole.TryGetValue(tensor.Name, out TensorSource? trained) & checkpoint.TryFind(tensor.Name, out TensorSource? before);
            if (!isHeld)
            {
                yield return tensor;
                continue;
            }
            TensorDiff? diff = comparer.Compare(before!, trained!, cancellation);
            yield return diff is null
                ? tensor with { RelativeChange = 0, ChangedShare = 0 }
                : tensor with { RelativeChange = ReportBuilder.SixDigits(diff.RelativeNorm), ChangedShare = ReportBuilder.SixDigits(ShareOf(diff)) };
        }
    }

    private static double? ShareOf(TensorDiff diff) =>
        diff is { Kind: DiffKind.Values, ElementCount: > 0 } && diff.DifferentElements is long different ? (double)different / diff.ElementCount : null;
}
