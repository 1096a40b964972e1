using LoraMerge.Deltas;
using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge.Merging;

/// <summary>What the changes of one tensor hold beside the blocks of a merge, at most.</summary>
internal static class ChangeMemory
{
    /// <param name="tensor">The tensor.</param>
    /// <param name="blockElements">Elements of a block; those who see the tensor before have one more, in its own dtype.</param>
    public static long BytesOf(PlannedTensor.Computed tensor, long blockElements)
    {
        WeightFacts weight = tensor.Facts;
        return checked(
            tensor.Changes.Sum(change => change.HeldBytes(weight))
            + tensor.Changes.Select(change => change.LoadingBytes(weight)).DefaultIfEmpty(0).Max()
            + (tensor.Changes.Any(change => change.SeesWholeFirst) ? blockElements * tensor.Source.DType.BitsPerElement() / 8 : 0));
    }
}
