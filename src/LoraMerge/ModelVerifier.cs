using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Devices;
using LoraMerge.Merging;
using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge;

/// <summary>Computes a merged model again and compares it with one that is there.</summary>
internal static class ModelVerifier
{
    public static ModelComparison Compare(Inputs inputs, MergePlan plan, Checkpoint merged, CancellationToken cancellation)
    {
        ComputeDevice device = ComputeDevice.Open(inputs.Request.Device, inputs.Request.NativesFolder);
        using var files = new TensorFiles();
        using var sink = new ComparisonSink(merged);
        new MergePipeline(plan, PipelineOptions.Of(inputs.Request, device), progress: null).Run(files, sink, cancellation);
        ImmutableArray<TensorDifference> differences =
        [
            .. HeaderDifferences(plan, merged),
            .. sink.Differences.Select(pair => new TensorDifference(pair.Key, null, pair.Value.Different, pair.Value.LargestUlps)),
        ];
        return new ModelComparison(plan.Tensors.Count(), differences, [.. FileDifferences(inputs, plan, merged)]);
    }

    /// <summary>The index is held to the shards whenever a model is opened; files that a merge does not write are the user's own.</summary>
    private static IEnumerable<FileDiff> FileDifferences(Inputs inputs, MergePlan plan, Checkpoint merged)
    {
        if (merged.IsSingleFile)
            yield break;
        Dictionary<string, string> files = SideFiles.Of(merged);
        foreach (SideFile expected in plan.SideFiles)
        {
            if (!files.TryGetValue(expected.RelativePath, out string? there))
                yield return new FileDiff(expected.RelativePath, DiffKind.OnlyInFirst);
            else if (plan.ChangedConfig(expected, inputs.Checkpoint.Config) is byte[] changed ? !SideFiles.HasBytes(there, changed) : !SideFiles.HaveSameBytes(expected.Source, there))
                yield return new FileDiff(expected.RelativePath, DiffKind.Values);
        }
    }

    private static IEnumerable<TensorDifference> HeaderDifferences(MergePlan plan, Checkpoint merged)
    {
        var planned = new HashSet<string>(StringComparer.Ordinal);
        foreach (PlannedTensor tensor in plan.Tensors)
        {
            planned.Add(tensor.Name);
            if (!merged.TryFind(tensor.Name, out StoredTensor? stored))
                yield return new TensorDifference(tensor.Name, "missing", 0, 0);
            else if (stored.DType != tensor.DType || !stored.Shape.AsSpan().SequenceEqual(tensor.Shape.AsSpan()))
                yield return new TensorDifference(tensor.Name, $"{stored.DType.HeaderName()} {stored.ShapeText} instead of {tensor.DType.HeaderName()} {tensor.Source.ShapeText}", 0, 0);
        }
        foreach (string name in merged.TensorNames.Where(name => !planned.Contains(name)).Order(StringComparer.Ordinal))
            yield return new TensorDifference(name, "not expected", 0, 0);
    }
}
