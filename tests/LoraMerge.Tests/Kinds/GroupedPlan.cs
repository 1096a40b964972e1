using System.Runtime.InteropServices;
using LoraMerge.Checkpoints;
using LoraMerge.Merging;
using LoraMerge.Planning;

namespace LoraMerge.Tests.Kinds;

/// <summary>A plan whose small weights are computed in several groups of rows, as large ones are.</summary>
internal static class GroupedPlan
{
    /// <summary>The plan with about six groups for each weight.</summary>
    public static MergePlan Of(MergePlan plan) =>
        plan with { Shards = [.. plan.Shards.Select(shard => shard with { Tensors = [.. shard.Tensors.Select(InSeveralGroups)] })] };

    /// <summary>Computes all changed tensors, which are float32, on this thread.</summary>
    public static Dictionary<string, double[]> Run(MergePlan plan)
    {
        var results = new Dictionary<string, double[]>(StringComparer.Ordinal);
        using var pool = new BufferPool(2, new BufferSizes(plan).ElementsOf);
        using var merger = new TensorMerger(TorchSharp.torch.CPU, pool, _ => "adapter");
        using var files = new TensorFiles();
        foreach (PlannedTensor.Computed tensor in plan.Tensors.OfType<PlannedTensor.Computed>())
        {
            byte[] result = new byte[tensor.ByteLength];
            foreach ((long first, long count) in Block.Cut(tensor))
            {
                Block block = MergePipeline.Read(files, new Block(0, 0, tensor, first, count, pool.Take(tensor.Source.DType, CancellationToken.None)));
                block = merger.Merge(block, CancellationToken.None);
                block.Buffer!.Bytes[..block.ResultLength].CopyTo(result.AsSpan((int)block.ResultOffset));
                pool.Return(block.Buffer);
            }
            results[tensor.Name] = [.. MemoryMarshal.Cast<byte, float>(result).ToArray().Select(value => (double)value)];
        }
        return results;
    }

    private static PlannedTensor InSeveralGroups(PlannedTensor tensor)
    {
        if (tensor is not PlannedTensor.Computed computed)
            return tensor;
        long rows = computed.Source.ElementCount / computed.RowLength;
        return computed with { GroupRows = Math.Max(rows / 6 / computed.RowsTogether, 1) * computed.RowsTogether };
    }
}
