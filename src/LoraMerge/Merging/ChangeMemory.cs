using LoraMerge.Deltas;
using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge.Merging;

/// <summary>What one tensor and its changes hold beside the blocks of a merge, at most.</summary>
internal static class ChangeMemory
{
    /// <remarks>Those who see the tensor before read it group by group, in its own dtype.</remarks>
    public static long BytesOf(PlannedTensor.Computed tensor)
    {
        WeightFacts weight = tensor.Facts;
        return checked(
            tensor.Changes.Sum(change => change.HeldBytes(weight))
            + tensor.Changes.Select(change => change.LoadingBytes(weight)).DefaultIfEmpty(0).Max()
            + (tensor.Source.HeldBytes * (tensor.Changes.Any(change => change.SeesWholeFirst) ? 2 : 1))
            + (tensor.Changes.Any(change => change.SeesWholeFirst) ? tensor.GroupLength * tensor.Source.DType.BitsPerElement() / 8 : 0));
    }
}
