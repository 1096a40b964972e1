using LoraMerge.Checkpoints;
using LoraMerge.Planning;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>Sorts the factors of fused experts by expert: A comes expert by expert, the columns of B rank by rank (PEFT) or expert by expert (unsloth).</summary>
/// <remarks>
/// PEFT, <c>ParamWrapper.get_delta_weight</c>: B <c>[out, r·experts]</c> is read as <c>[out, r, experts]</c>; unsloth-zoo, <c>moe_utils.py</c>: as <c>[out, experts, r]</c>.
/// Where each expert has a tensor of its own, all of them need columns of the same B, so the last few are kept sorted: at most three, of <c>out·r·experts</c> numbers each.
/// </remarks>
internal sealed class ExpertFactors : IDisposable
{
    private const int KeptCount = 3;

    private readonly List<((StoredTensor Stored, ExpertLayout Layout, ScalarType DType) Key, Tensor Sorted)> _kept = [];

    /// <summary>The most that is held of a parameter's B, in bytes.</summary>
    public static long BytesOf(long elements, long elementBytes) => checked(KeptCount * elements * elementBytes);

    /// <exception cref="Diagnostics.LoraMergeException">LORA3013.</exception>
    public ExpertsDelta Load(PlannedDelta.Experts planned, TensorFiles files, ScalarType dtype, Device device)
    {
        using var scope = NewDisposeScope();
        ExpertSlice slice = planned.Slice;
        long rank = planned.A.Shape[0] / slice.Count;
        Tensor b = Sorted(planned.B, slice, rank, files, dtype, device); // [experts, out, r]
        Tensor a; // [experts, r, in]
        if (slice.Expert is int expert)
        {
            a = AdapterValues.ReadRows(planned.A, expert * rank, rank, files, dtype, device).unsqueeze(0);
            b = b.narrow(0, expert, 1);
        }
        else
        {
            a = AdapterValues.Read(planned.A, files, dtype, device).view(slice.Count, rank, -1);
        }
        (Tensor left, Tensor right) = slice.IsTransposed ? (a.transpose(1, 2), b.transpose(1, 2)) : (b, a);
        left = left.narrow(1, slice.FirstRow, slice.RowCount);
        return new ExpertsDelta(Own(left), Own(right), planned.Scaling);
    }

    public void Dispose()
    {
        foreach ((_, Tensor sorted) in _kept)
            sorted.Dispose();
    }

    /// <summary>A copy that no kept tensor shares memory with.</summary>
    private static Tensor Own(Tensor factor) => factor.contiguous().clone().MoveToOuterDisposeScope();

    private Tensor Sorted(StoredTensor stored, ExpertSlice slice, long rank, TensorFiles files, ScalarType dtype, Device device)
    {
        (StoredTensor, ExpertLayout, ScalarType) key = (stored, slice.Layout, dtype);
        int index = _kept.FindIndex(kept => kept.Key == key);
        if (index >= 0)
            return _kept[index].Sorted;
        Tensor b = AdapterValues.Read(stored, files, dtype, device);
        Tensor sorted = slice.Layout == ExpertLayout.Peft
            ? b.view(b.shape[0], rank, slice.Count).permute(2, 0, 1)
            : b.view(b.shape[0], slice.Count, rank).permute(1, 0, 2);
        sorted = sorted.contiguous().DetachFromDisposeScope();
        if (_kept.Count == KeptCount)
        {
            _kept[0].Sorted.Dispose();
            _kept.RemoveAt(0);
        }
        _kept.Add((key, sorted));
        return sorted;
    }
}
