using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Lora;

/// <summary>
/// Sorts the factors of fused experts by expert: A comes expert by expert, the columns of B rank by rank (PEFT) or expert by expert (unsloth).
/// </summary>
/// <remarks>
/// PEFT, <c>ParamWrapper.get_delta_weight</c>: B <c>[out, r·experts]</c> is read as <c>[out, r, experts]</c>; unsloth-zoo, <c>moe_utils.py</c>: as <c>[out,
/// experts, r]</c>.
/// Where each expert has a tensor of its own, all of them need columns of the same B, so the last few are kept sorted: at most three, of <c>out·r·experts</c>
/// numbers each.
/// </remarks>
internal static class ExpertFactors
{
    private const int KeptCount = 3;

    /// <summary>The most that is held of a parameter's B, in bytes.</summary>
    public static long BytesOf(long elements, long elementBytes) => checked(KeptCount * elements * elementBytes);

    /// <exception cref="Diagnostics.LoraMergeException">LORA3013.</exception>
    public static ExpertsDelta Load(ExpertsChange planned, DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        ExpertSlice slice = planned.Slice;
        long rank = planned.A.Shape[0] / slice.Count;
        var key = new SortedB(planned.B, slice.Layout, inputs.DType);
        Tensor b = inputs.Kept.Of(key, () => Sort(planned.B, slice, rank, inputs), KeptCount); // [experts, out, r]
        Tensor a; // [experts, r, in]
        if (slice.Expert is int expert)
        {
            a = inputs.ReadRows(planned.A, expert * rank, rank).reshape(1, rank, -1);
            b = b.narrow(0, expert, 1);
        }
        else
        {
            a = inputs.Read(planned.A).view(slice.Count, rank, -1);
        }
        (Tensor left, Tensor right) = slice.IsTransposed ? (a.transpose(1, 2), b.transpose(1, 2)) : (b, a);
        left = left.narrow(1, slice.FirstRow, slice.RowCount);
        return new ExpertsDelta(Own(left), Own(right), planned.Scaling);
    }

    /// <summary>A copy that no kept tensor shares memory with.</summary>
    private static Tensor Own(Tensor factor) => factor.contiguous().clone().MoveToOuterDisposeScope();

    private static Tensor Sort(StoredTensor stored, ExpertSlice slice, long rank, DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor b = inputs.Read(stored);
        Tensor sorted = slice.Layout == ExpertLayout.Peft
            ? b.view(b.shape[0], rank, slice.Count).permute(2, 0, 1)
            : b.view(b.shape[0], slice.Count, rank).permute(1, 0, 2);
        return sorted.contiguous().DetachFromDisposeScope();
    }

    private sealed record SortedB(StoredTensor Stored, ExpertLayout Layout, ScalarType DType);
}
