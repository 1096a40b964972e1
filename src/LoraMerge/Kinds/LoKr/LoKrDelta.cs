using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.LoKr;

/// <summary>W′ = W + s·w₁ ⊗ w₂, the Kronecker product: row i·b + j of it is row i of w₁ times row j of w₂.</summary>
/// <remarks>
/// LyCORIS, arXiv 2309.14859, section 3; PEFT, <c>make_kron</c>. Kernels of a convolution are part of the rows of w₂. Where w₂ is <c>[b, d, k]</c>, PEFT
/// multiplies it with a w₁ that has no
/// dimension for the kernel and reshapes the result, which trains another product: row j·a + i, whose element (δ, γ, κ) is w₁[i, γ]·w₂[j, δ, κ].
/// </remarks>
internal sealed class LoKrDelta : WeightDelta
{
    private readonly Tensor _first;
    private readonly Tensor _second;
    private readonly double _scaling;
    private readonly bool _isSecondOutside;

    /// <param name="first">w₁ <c>[a, 1, c, 1]</c>, dtype of W's buffer; owned by this delta.</param>
    /// <param name="second">w₂ <c>[b, d, 1, k]</c>, with d = 1 where the product is the Kronecker product; likewise.</param>
    /// <param name="scaling">s, times the weight of the adapter.</param>
    /// <param name="isSecondOutside">Whether rows are counted j·a + i.</param>
    private LoKrDelta(Tensor first, Tensor second, double scaling, bool isSecondOutside)
    {
        _first = first;
        _second = second;
        _scaling = scaling;
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

    /// <summary>Every number of w₁ meets every number of w₂.</summary>
    public override double? Norm
    {
        get
        {
            using var scope = NewDisposeScope();
            return Math.Abs(_scaling) * ProductNorm.Of(_first.reshape(-1, 1), _second.reshape(1, -1));
        }
    }

    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        (long a, long c, long b, long d, long k) = (_first.shape[0], _first.shape[2], _second.shape[0], _second.shape[1], _second.shape[3]);
        long count = w.shape[0];
        Tensor numbers = TensorArithmetic.CountFrom(firstRow, count, w.device);
        Tensor inOuter = numbers.FloorDividedBy(_isSecondOutside ? a : b), inInner = numbers.Modulo(_isSecondOutside ? a : b);
        Tensor second = _second.index_select(0, _isSecondOutside ? inOuter : inInner); // [rows, d, 1, k]
        Tensor first = _first.index_select(0, _isSecondOutside ? inInner : inOuter); // [rows, 1, c, 1]
        w.view(count, d, c, k).AddProduct(first, second, times: _scaling);
    }

    public override void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }
}
