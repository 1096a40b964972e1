using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.GraLora;

/// <summary>
/// Block (j, n) of ΔW, of outputs j and inputs n, is s·Σ B[j, n·t + q, ·]ᵀ·A[n, ·, j·t + q]ᵀ over q below t = r / k: each block has its own r / k directions.
/// </summary>
/// <remarks>GraLoRA, arXiv 2505.20355; PEFT, <c>gralora/layer.py get_delta_weight</c>, which spreads A over a tensor k times as large.</remarks>
internal sealed class GraLoraDelta : AddedRowsDelta
{
    private readonly Tensor _left;
    private readonly Tensor _right;

    private GraLoraDelta(Tensor left, Tensor right, double scaling)
        : base(scaling)
    {
        _left = left;
        _right = right;
    }

    /// <param name="a"><c>[k, in / k, r]</c>, dtype of W's buffer; disposed here.</param>
    /// <param name="b"><c>[k, r, out / k]</c>, likewise.</param>
    /// <param name="isTransposed">Whether W is stored <c>[in, out]</c>.</param>
    /// <param name="scaling">s.</param>
    public static GraLoraDelta Of(Tensor a, Tensor b, bool isTransposed, double scaling)
    {
        using var scope = NewDisposeScope();
        (long blocks, long inputs, long rank, long outputs) = (a.shape[0], a.shape[1], a.shape[2], b.shape[2]);
        Tensor inputSide = a.view(blocks, inputs, blocks, rank / blocks); // [n, i, j, q]
        Tensor outputSide = b.view(blocks, blocks, rank / blocks, outputs); // [j, n, q, o]
        // Left [block of rows, block of columns, row, q], right [block of rows, block of columns, q, column].
        Tensor left = isTransposed ? inputSide.permute(0, 2, 1, 3) : outputSide.permute(0, 1, 3, 2);
        Tensor right = isTransposed ? outputSide.permute(1, 0, 2, 3) : inputSide.permute(2, 0, 3, 1);
        var delta = new GraLoraDelta(left.contiguous().DetachFromDisposeScope(), right.contiguous().DetachFromDisposeScope(), scaling);
        if (!ReferenceEquals(delta._left, a))
            a.Dispose();
        b.Dispose();
        return delta;
    }

    protected override IEnumerable<(Tensor Rows, long First)> RowsOf(long firstRow, long count, ScalarType dtype, Device device)
    {
        (long rows, long columns) = (_left.shape[2], _right.shape[3]);
        long step = PieceSize.RowsFor(4 * columns * _right.shape[1]);
        long taken;
        for (long first = 0; first < count; first += taken)
        {
            using var scope = NewDisposeScope();
            (long block, long within) = Math.DivRem(firstRow + first, rows);
            taken = Math.Min(Math.Min(step, count - first), rows - within);
            Tensor products = _left[block].narrow(1, within, taken).matmul(_right[block]); // [block of columns, rows, columns]
            yield return (products.transpose(0, 1).reshape(taken, -1), first);
        }
    }

    public override void Dispose()
    {
        _left.Dispose();
        _right.Dispose();
    }
}
