using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W + s·B·A.</summary>
/// <remarks>
/// LoRA, arXiv 2106.09685, section 4.1; PEFT, <c>Linear.get_delta_weight</c>; and every other kind whose change has few directions. A and B are widened
/// exactly; product, scaling and sum run in the
/// dtype of W's buffer (float32, or float64), and nothing is rounded in between. Convolutions are the same formula on flattened kernels.
/// </remarks>
internal sealed class LowRankDelta : WeightDelta
{
    private readonly Tensor _a;
    private readonly Tensor _b;
    private readonly double _alpha;

    /// <param name="a"><c>[r, in]</c>, dtype of W's buffer; owned by this delta.</param>
    /// <param name="b"><c>[out, r]</c>, likewise.</param>
    /// <param name="scaling">s, times the weight of the adapter.</param>
    public LowRankDelta(Tensor a, Tensor b, double scaling)
    {
        _a = a;
        _b = b;
        // addmm_ takes its factor as float32: exact enough beside float32 products, but not beside float64 ones.
        bool isDouble = b.dtype == ScalarType.Float64;
        _alpha = isDouble ? 1 : scaling;
        if (isDouble)
            b.Multiply(scaling);
    }

    /// <summary>A weight stored <c>[in, out]</c> gets (B·A)ᵀ = Aᵀ·Bᵀ, which is the same formula with the factors exchanged.</summary>
    /// <param name="a"><c>[r, in]</c>; owned by the delta.</param>
    /// <param name="b"><c>[out, r]</c>; owned by the delta.</param>
    /// <param name="scaling">s.</param>
    /// <param name="isTransposed">Whether W is stored <c>[in, out]</c>.</param>
    public static LowRankDelta Of(Tensor a, Tensor b, double scaling, bool isTransposed)
    {
        (b, a) = SidesOf(a, b, isTransposed);
        return new LowRankDelta(a, b, scaling);
    }

    /// <summary>The factors of a product as W is stored: B and A, or Aᵀ and Bᵀ for <c>[in, out]</c>.</summary>
    /// <param name="a"><c>[r, in]</c>; owned by the result.</param>
    /// <param name="b"><c>[out, r]</c>; likewise.</param>
    /// <param name="isTransposed">Whether W is stored <c>[in, out]</c>.</param>
    public static (Tensor B, Tensor A) SidesOf(Tensor a, Tensor b, bool isTransposed)
    {
        if (!isTransposed)
            return (b, a);
        using (a)
        using (b)
        {
            using var scope = NewDisposeScope();
            return (a.t().contiguous().MoveToOuterDisposeScope(), b.t().contiguous().MoveToOuterDisposeScope());
        }
    }

    /// <summary>
    /// s·B <c>[rows, r]</c> and A <c>[r, columns]</c>, as W is stored, of a delta that is made in float64: there the scaling is in B. They stay the delta's.
    /// </summary>
    public (Tensor B, Tensor A) Factors => _alpha == 1 ? (_b, _a) : throw new InvalidOperationException("The scaling is not in the factors.");

    /// <summary>r.</summary>
    public long Rank => _a.shape[0];

    /// <summary>Rows of W.</summary>
    public long RowCount => _b.shape[0];

    /// <summary>Columns of W.</summary>
    public long ColumnCount => _a.shape[1];

    public override double? Norm => Math.Abs(_alpha) * ProductNorm.Of(_b, _a);

    /// <summary>Rows of s·B, in float64 on the CPU.</summary>
    /// <returns><c>[count, r]</c>; of the caller's scope.</returns>
    public Tensor RowsOfB(long first, long count)
    {
        using var scope = NewDisposeScope();
        return _b.narrow(0, first, count).to(ScalarType.Float64).cpu().Times(_alpha).MoveToOuterDisposeScope();
    }

    /// <summary>Columns of A, in float64 on the CPU.</summary>
    /// <returns><c>[count, r]</c>, turned round; of the caller's scope.</returns>
    public Tensor ColumnsOfA(long first, long count)
    {
        using var scope = NewDisposeScope();
        return _a.narrow(1, first, count).t().to(ScalarType.Float64, copy: true).cpu().contiguous().MoveToOuterDisposeScope();
    }

    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        Tensor rows = _b.narrow(0, firstRow, w.shape[0]); // [rows, r]
        w.addmm_(rows, _a, beta: 1, alpha: (float)_alpha);
    }

    /// <summary>Adds a multiple of the change: W + factor·s·B·A.</summary>
    public void AddMultiple(Tensor w, long firstRow, double factor)
    {
        using var scope = NewDisposeScope();
        Tensor rows = _b.narrow(0, firstRow, w.shape[0]).Times(factor); // [rows, r]
        w.addmm_(rows, _a, beta: 1, alpha: (float)_alpha);
    }

    public override void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
    }
}
