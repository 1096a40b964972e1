using LoraMerge.Devices;
using LoraMerge.Planning;
using LoraMerge.Safetensors;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>What the changes of one tensor hold beside the blocks of a merge, at most. Pieces and numbers per row or column are too few to count, and so are the factors of plain LoRA.</summary>
internal static class DeltaMemory
{
    /// <param name="tensor">The tensor.</param>
    /// <param name="blockElements">Elements of a block; those who see the tensor before have one more, in its own dtype.</param>
    public static long BytesOf(PlannedTensor.Computed tensor, long blockElements) => checked(
        tensor.Deltas.Sum(delta => BytesOf(delta, tensor))
        + (tensor.Deltas.Any(delta => delta is PlannedDelta.BaseReduced or PlannedDelta.Dora { IsByColumn: true }) ? blockElements * tensor.Source.DType.BitsPerElement() / 8 : 0));

    private static long BytesOf(PlannedDelta delta, PlannedTensor.Computed tensor) => delta switch
    {
        PlannedDelta.BaseReduced { Removed: BasePart.FirstColumns } olora => FirstColumnsDelta.BytesOf(tensor.Source.RowCount, tensor.Source.RowLength, olora.Rank),
        PlannedDelta.BaseReduced => SingularPartDelta.BytesOf(tensor.Source.RowCount, tensor.Source.RowLength),
        PlannedDelta.Experts experts => ExpertFactors.BytesOf(experts.B.ElementCount, ElementBytes(tensor)),
        PlannedDelta.Rows rows => checked(rows.Values.ElementCount * ElementBytes(tensor)),
        _ => 0,
    };

    private static long ElementBytes(PlannedTensor.Computed tensor) => TorchTypes.BufferOf(tensor.Source.DType, tensor.DType) == ScalarType.Float64 ? 8 : 4;
}
