using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.LoKr;

/// <summary>W′ = W + s·w₁ ⊗ w₂, the Kronecker product: row i·b + j of it is row i of w₁ times row j of w₂.</summary>
/// <remarks>
/// LyCORIS, arXiv 2309.14859, section 3; PEFT, <c>make_kron</c>. Kernels of a convolution are part of the rows of w₂. Where w₂ is <c>[b, d, k]</c>, PEFT
/// multiplies it with a w₁ that has no
/// dimension for the kernel and reshapes the result, which trains another product: row j·a + i, whose element (δ, γ, κ) is w₁[i, γ]·w₂[j, δ, κ].
/// Rows are made in one reused buffer.
/// </remarks>
internal sealed class LoKrDelta : AddedRowsDelta
{
    private readonly Tensor _first;
    private readonly Tensor _second;
    private readonly bool _isSecondOutside;
    private Tensor? _memory;

    /// <param name="first">w₁ <c>[a, 1, c, 1]</c>, dtype of W's buffer; owned by this delta.</param>
    /// <param name="second">w₂ <c>[b, d, 1, k]</c>, with d = 1 where the product is the Kronecker product; likewise.</param>
    /// <param name="scaling">s, times the weight of the adapter.</param>
    /// <param name="isSecondOutside">Whether rows are counted j·a + i.</param>
    private LoKrDelta(Tensor first, Tensor second, double scaling, bool isSecondOutside)
        : base(scaling)
    {
        _first = first;
        _second = second;
        _isSecondOutside = isSecondOutside;
    }

    /// <param name="first">w₁ <c>[a, c]</c>; owned by the delta.</param>
    /// <param name="second">w₂ <c>[b, d]</c> with kernels flattened; owned by the delta.</param>
    /// <param name="scaling">s.</param>
    /// <param name="isTransposed">Whether W is stored <c>[in, out]</c>: (w₁ ⊗ w₂)ᵀ = w₁ᵀ ⊗ w₂ᵀ.</param>
    /// <param name="kernelOfConv1D">k where PEFT makes the other product; else null.</param>
    public static LoKrDelta Of(Tensor first, Tensor second, double scaling, bool isTransposed, long? kernelOfConv1D)
    {
        using (first)
        using (second)
        {
            using var scope = NewDisposeScope();
            Tensor outer = (isTransposed ? first.t() : first).contiguous(), inner = (isTransposed ? second.t() : second).contiguous();
            return new LoKrDelta(
                outer.reshape(outer.shape[0], 1, outer.shape[1], 1).clone().MoveToOuterDisposeScope(),
                inner
                    .reshape(inner.shape[0], kernelOfConv1D is long kernel ? inner.shape[1] / kernel : 1, 1, kernelOfConv1D ?? inner.shape[1])
                    .clone()
                    .MoveToOuterDisposeScope(),
                scaling,
                kernelOfConv1D is not null
            );
        }
    }

    protected override IEnumerable<(Tensor Rows, long First)> RowsOf(long firstRow, long count, ScalarType dtype, Device device)
    {
        (long a, long c, long b, long d, long k) = (_first.shape[0], _first.shape[2], _second.shape[0], _second.shape[1], _second.shape[3]);
        foreach ((long first, long rows) in PieceSize.Cut(count, elementsOfRow: c * d * k))
        {
            using var scope = NewDisposeScope();
            _memory ??= empty([Math.Min(PieceSize.RowsFor(c * d * k), a * b), d, c, k], dtype, device).DetachFromDisposeScope();
            Tensor numbers = arange(firstRow + first, firstRow + first + rows, ScalarType.Int64, device);
            Tensor inOuter = numbers.floor_divide(_isSecondOutside ? a : b), inInner = numbers.remainder(_isSecondOutside ? a : b);
            Tensor product = _memory.narrow(0, 0, rows); // [rows, d, c, k]
            product.copy_(_second.index_select(0, _isSecondOutside ? inOuter : inInner));
            product.mul_(_first.index_select(0, _isSecondOutside ? inInner : inOuter));
            yield return (product.view(rows, -1), first);
        }
    }

    public override void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
        _memory?.Dispose();
    }
}
