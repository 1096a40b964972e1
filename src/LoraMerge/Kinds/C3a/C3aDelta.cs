using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.C3a;

/// <summary>ΔW[m·n + u, p·n + t] = kernel[m, p, (t - u) mod n] / in, with blocks of n.</summary>
/// <remarks>C3A, arXiv 2407.19342; PEFT, <c>c3a/utils.py get_circulant_fast</c>, which takes three Fourier transforms for it and divides in W's dtype. Written
/// out it is a choice of numbers, which is exact.</remarks>
/// <param name="kernel"><c>[out / n, in / n, n]</c>, dtype of W's buffer; owned by this delta.</param>
/// <param name="adapterWeight">c.</param>
internal sealed class C3aDelta(Tensor kernel, double adapterWeight) : AddedRowsDelta(adapterWeight / (kernel.shape[1] * kernel.shape[2]))
{
    protected override IEnumerable<(Tensor Rows, long First)> RowsOf(long firstRow, long count, ScalarType dtype, Device device)
    {
        (long columns, long size) = (kernel.shape[1], kernel.shape[2]);
        foreach ((long first, long taken) in PieceSize.Cut(count, elementsOfRow: 4 * columns * size))
        {
            using var scope = NewDisposeScope();
            Tensor rows = TensorArithmetic.CountFrom(firstRow + first, taken, device).unsqueeze(1);
            Tensor blocks = kernel.index_select(0, rows.squeeze(1).FloorDividedBy(size)); // [rows, in / n, n]
            Tensor places = (TensorArithmetic.CountFrom(0, size, device) - rows).Modulo(size); // [rows, n]
            yield return (blocks.gather(2, places.unsqueeze(1).expand(-1, columns, -1)).view(-1, columns * size), first);
        }
    }

    public override void Dispose() => kernel.Dispose();
}
