using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W - c·Σ σᵢ·uᵢ·vᵢᵀ over the r largest singular values (PiSSA's residual base), or over the r smallest (KaSA's truncated one).</summary>
/// <remarks>
/// PiSSA, arXiv 2404.02948, and PEFT <c>pissa_init</c>; KaSA, arXiv 2412.06071, and PEFT <c>KasaLinearVariant._truncate_base_weight</c>. Signs of singular vectors and the
/// orientation of W do not matter. The vectors of the shorter side are eigenvectors of its Gram matrix, in float64, so Σ σᵢ·uᵢ·vᵢᵀ = W·V·Vᵀ = U·Uᵀ·W needs no decomposition of W itself.
/// Memory: n² float64 for the n of the shorter side, three times while the eigenvectors are computed; and all of W in float64 where it has fewer rows than columns.
/// </remarks>
internal sealed class SingularPartDelta : BaseReducedDelta
{
    private readonly long _rows;
    private readonly long _columns;
    private readonly int _rank;
    private readonly bool _isLargest;
    private Tensor? _gram;
    private Tensor? _whole;
    private Tensor? _left;
    private Tensor? _right;

    /// <param name="rows">Rows of W.</param>
    /// <param name="columns">Columns of W.</param>
    /// <param name="rank">r.</param>
    /// <param name="isLargest">Whether the largest singular values go, not the smallest.</param>
    /// <param name="adapterWeight">c.</param>
    public SingularPartDelta(long rows, long columns, int rank, bool isLargest, double adapterWeight)
        : base(adapterWeight)
    {
        _rows = rows;
        _columns = columns;
        _rank = (int)Math.Min(rank, Math.Min(rows, columns));
        _isLargest = isLargest;
    }

    /// <summary>With fewer rows than columns W is kept, and one pass is enough; else the second makes W·V.</summary>
    public override int PassCount => IsWide ? 1 : 2;

    protected override Tensor Left => _left!;

    protected override Tensor Right => _right!;

    private bool IsWide => _rows < _columns;

    public override void Observe(int pass, Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        Tensor block = w.to(ScalarType.Float64); // [block, columns]
        if (IsWide)
        {
            _whole ??= empty([_rows, _columns], ScalarType.Float64, w.device).DetachFromDisposeScope();
            _whole.narrow(0, firstRow, w.shape[0]).copy_(block);
        }
        else if (pass == 0)
        {
            _gram ??= zeros([_columns, _columns], ScalarType.Float64, w.device).DetachFromDisposeScope();
            _gram.addmm_(block.t(), block); // WᵀW
        }
        else
        {
            _left ??= empty([_rows, _rank], ScalarType.Float64, w.device).DetachFromDisposeScope();
            _left.narrow(0, firstRow, w.shape[0]).copy_(block.matmul(_right!.t())); // W·V
        }
    }

    public override void EndPass(int pass)
    {
        using var scope = NewDisposeScope();
        if (IsWide)
        {
            Tensor u = SelectVectors(_whole!.matmul(_whole.t())); // [rows, r]
            _left = u.DetachFromDisposeScope();
            _right = u.t().matmul(_whole).DetachFromDisposeScope(); // Uᵀ·W, [r, columns]
            _whole.Dispose();
            _whole = null;
        }
        else if (pass == 0)
        {
            _right = SelectVectors(_gram!).t().contiguous().DetachFromDisposeScope(); // Vᵀ, [r, columns]
            _gram!.Dispose();
            _gram = null;
        }
    }

    public override void Dispose()
    {
        _gram?.Dispose();
        _whole?.Dispose();
        _left?.Dispose();
        _right?.Dispose();
    }

    /// <summary>Eigenvectors of the r largest or smallest eigenvalues, as columns; eigenvalues come in ascending order.</summary>
    private Tensor SelectVectors(Tensor gram)
    {
        (_, Tensor vectors) = linalg.eigh(gram);
        return vectors.narrow(1, _isLargest ? gram.shape[0] - _rank : 0, _rank).contiguous();
    }
}
