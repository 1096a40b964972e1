using System.Collections.Immutable;
using LoraMerge.Beside;
using LoraMerge.Checkpoints;
using LoraMerge.Formats.Requantized;
using LoraMerge.Merging;
using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge.Comparing;

/// <summary>A merged model of safetensors files.</summary>
internal sealed class ComparedCheckpoint(Checkpoint merged, MergePlan plan, ModelConfig config) : IComparedModel
{
    private readonly ComparisonSink _sink = new(merged);

    /// <summary>What is made of the blocks before they are compared; null where they are the files' bytes.</summary>
    public RequantizedLayout? Requantized { get; init; }

    public string? Folder => merged.IsSingleFile ? null : merged.Folder;

    public IReadOnlyList<string> FileNames => [.. plan.FileNames];

    public IReadOnlyList<string> WeightFiles => [.. plan.Shards.Select(shard => shard.FileName)];

    public IEnumerable<TensorDifference> Differences =>
    [
        .. HeaderDifferences(),
        .. _sink.Differences.Select(pair => new TensorDifference(pair.Key, null, pair.Value.Different, pair.Value.LargestUlps)),
    ];

    /// <summary>The index is held to the shards whenever a model is opened; files that a merge does not write are the user's own.</summary>
    public IEnumerable<FileDiff> FileDifferences
    {
        get
        {
            if (merged.IsSingleFile)
                yield break;
            Dictionary<string, SideSource> files = SideFileChoice.Of(merged);
            foreach (SideFile expected in plan.SideFiles)
            {
                SideSource? there = files.GetValueOrDefault(expected.RelativePath) ?? SideSource.Of(merged.Files.Find(expected.RelativePath));
                if (there is null)
                    yield return new FileDiff(expected.RelativePath, DiffKind.OnlyInFirst);
                else if (!IsAsExpected(expected, there))
                    yield return new FileDiff(expected.RelativePath, DiffKind.Values);
            }
        }
    }

    public IEnumerable<string> MetadataDifferences => [];

    public IReadOnlyDictionary<string, double> KeptShares { get; private set; } = ImmutableDictionary<string, double>.Empty;

    public void Take(MergedBlocks blocks)
    {
        if (Requantized is null)
            blocks.WriteTo(_sink);
        else
        {
            var made = new RequantizedBytes(Requantized);
            made.Run(Requantized.Plan, blocks, _ => { }, (tensor, offset, bytes) => _sink.Write(0, 0, tensor.Tensor, offset, bytes), _ => { });
            KeptShares = made.KeptShares;
        }
    }

    public void Dispose() => _sink.Dispose();

    private bool IsAsExpected(SideFile expected, SideSource there) =>
        there.HasSameBytesAs(new SideSource(expected.Source, plan.ChangedBytes(expected, config)));

    private IEnumerable<TensorDifference> HeaderDifferences()
    {
        var planned = new HashSet<string>(StringComparer.Ordinal);
        foreach (PlannedTensor tensor in plan.Tensors)
        {
            planned.Add(tensor.Name);
            if (!merged.TryFind(tensor.Name, out TensorSource? stored))
                yield return new TensorDifference(tensor.Name, "missing", 0, 0);
            else if (stored.DType != tensor.DType || !stored.Shape.AsSpan().SequenceEqual(tensor.Shape.AsSpan()))
            {
                string forms = $"{stored.DType.HeaderName()} {stored.ShapeText} instead of {tensor.DType.HeaderName()} {tensor.Source.ShapeText}";
                yield return new TensorDifference(tensor.Name, forms, 0, 0);
            }
        }
        foreach (string name in merged.TensorNames.Where(name => !planned.Contains(name)).Order(StringComparer.Ordinal))
            yield return new TensorDifference(name, "not expected", 0, 0);
    }
}
