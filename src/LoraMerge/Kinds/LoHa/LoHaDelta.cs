using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.LoHa;

/// <summary>W′ = W + s·(B₁·A₁) ⊙ (B₂·A₂).</summary>
/// <remarks>FedPara, arXiv 2108.06098, section 2.2; PEFT, <c>LoHaLayer.get_delta_weight</c>. Rows are made in two reused buffers; nothing as large as W is
/// held.</remarks>
internal sealed class LoHaDelta : AddedRowsDelta
{
    private readonly (Tensor B, Tensor A) _first;
    private readonly (Tensor B, Tensor A) _second;
    private Tensor? _product;
    private Tensor? _other;

    /// <param name="first">B₁ <c>[rows, r]</c> and A₁ <c>[r, columns]</c> as W is stored, dtype of W's buffer; owned by this delta.</param>
    /// <param name="second">The same of the second product.</param>
    /// <param name="scaling">s, times the weight of the adapter.</param>
    public LoHaDelta((Tensor B, Tensor A) first, (Tensor B, Tensor A) second, double scaling)
        : base(scaling)
    {
        _first = first;
        _second = second;
    }

    protected override IEnumerable<(Tensor Rows, long First)> RowsOf(long firstRow, long count, ScalarType dtype, Device device)
    {
        foreach ((long first, long rows) in PieceSize.Cut(count, elementsOfRow: _first.A.shape[1]))
        {
            using var scope = NewDisposeScope();
            Tensor product = Multiply(ref _product, _first, firstRow + first, rows), other = Multiply(ref _other, _second, firstRow + first, rows);
            yield return (product.mul_(other), first);
        }
    }

    public override void Dispose()
    {
        foreach (Tensor? tensor in (Tensor?[])[_first.B, _first.A, _second.B, _second.A, _product, _other])
            tensor?.Dispose();
    }

    private static Tensor Multiply(ref Tensor? memory, (Tensor B, Tensor A) sides, long firstRow, long rows)
    {
        long columns = sides.A.shape[1];
        memory ??= empty([Math.Min(PieceSize.RowsFor(columns), sides.B.shape[0]), columns], sides.A.dtype, sides.A.device).DetachFromDisposeScope();
        return memory.narrow(0, 0, rows).addmm_(sides.B.narrow(0, firstRow, rows), sides.A, beta: 0, alpha: 1);
    }
}
