using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Miss;

/// <summary>W′[o, i] = W[o, i] + c·M[i mod r, o mod n], with M <c>[r, n]</c>: n is the number of outputs, or <c>mini_r</c>.</summary>
/// <remarks>MiSS, arXiv 2409.15371; PEFT, <c>MissLinear.get_delta_weight_miss</c>, which cuts the last repetition off where r does not divide the
/// inputs.</remarks>
internal sealed class RepeatedBlockDelta : AddedRowsDelta
{
    private readonly Tensor _block;
    private readonly long _columns;
    private Tensor? _memory;

    /// <param name="block">M <c>[r, n]</c>, dtype of W's buffer; owned by this delta.</param>
    /// <param name="columns">Inputs of W.</param>
    /// <param name="adapterWeight">c.</param>
    public RepeatedBlockDelta(Tensor block, long columns, double adapterWeight)
        : base(adapterWeight)
    {
        using (block)
        {
            using var scope = NewDisposeScope();
            _block = block.t().contiguous().MoveToOuterDisposeScope(); // [n, r]
        }
        _columns = columns;
    }

    protected override IEnumerable<(Tensor Rows, long First)> RowsOf(long firstRow, long count, ScalarType dtype, Device device)
    {
        (long n, long r) = (_block.shape[0], _block.shape[1]);
        long repeats = (_columns + r - 1) / r;
        foreach ((long first, long rows) in PieceSize.Cut(count, elementsOfRow: repeats * r))
        {
            using var scope = NewDisposeScope();
            _memory ??= empty([PieceSize.RowsFor(repeats * r), repeats, r], dtype, device).DetachFromDisposeScope();
            Tensor repeated = _memory.narrow(0, 0, rows);
            repeated.copy_(_block.index_select(0, TensorArithmetic.CountFrom(firstRow + first, rows, device).Modulo(n)).unsqueeze(1));
            yield return (repeated.view(rows, -1).narrow(1, 0, _columns), first);
        }
    }

    public override void Dispose()
    {
        _block.Dispose();
        _memory?.Dispose();
    }
}
