using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W - c·Σ σᵢ·uᵢ·vᵢᵀ over the r largest singular values (PiSSA's residual base), or over the r smallest (KaSA's truncated one).</summary>
/// <remarks>
/// PiSSA, arXiv 2404.02948, and PEFT <c>pissa_init</c>; KaSA, arXiv 2412.06071, and PEFT <c>KasaLinearVariant._truncate_base_weight</c>. Signs of singular
/// vectors and the
/// orientation of W do not matter. The vectors of the shorter side are eigenvectors of its Gram matrix, in float64, so Σ σᵢ·uᵢ·vᵢᵀ = W·V·Vᵀ = U·Uᵀ·W needs no
/// decomposition of W itself.
/// Memory: n² float64 for the n of the shorter side, five times while the eigenvectors are computed; and all of W in float64 where it has fewer rows than
/// columns.
/// </remarks>
internal sealed class SingularPartDelta : BaseReducedDelta
{
    private readonly long _rows;
    private readonly long _columns;
    private readonly int _rank;
    private readonly bool _isLargest;
    private readonly Float64Pieces _pieces = new();
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

    /// <summary>The most that is held for a weight, in bytes.</summary>
    public static long BytesOf(long rows, long columns)
    {
        long side = Math.Min(rows, columns);
        return checked(8 * ((5 * side * side) + (rows < columns ? rows * columns : 0) + PieceSize.Elements));
    }

    public override void Observe(int pass, Tensor w, long firstRow)
    {
        using var single = new SingleThread();
        using var scope = NewDisposeScope();
        if (IsWide)
        {
            _whole ??= empty([_rows, _columns], ScalarType.Float64, w.device).DetachFromDisposeScope();
            _whole.narrow(0, firstRow, w.shape[0]).copy_(w);
        }
        else if (pass == 0)
        {
            _gram ??= zeros([_columns, _columns], ScalarType.Float64, w.device).DetachFromDisposeScope();
            foreach ((Tensor piece, _) in _pieces.Of(w))
                _gram.addmm_(piece.t(), piece); // WᵀW
        }
        else
        {
            _left ??= empty([_rows, _rank], ScalarType.Float64, w.device).DetachFromDisposeScope();
            foreach ((Tensor piece, long first) in _pieces.Of(w))
                _left.narrow(0, firstRow + first, piece.shape[0]).copy_(piece.matmul(_right!.t())); // W·V
        }
    }

    public override void EndPass(int pass)
    {
        using var single = new SingleThread();
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
        _pieces.Dispose();
        _gram?.Dispose();
        _whole?.Dispose();
        _left?.Dispose();
        _right?.Dispose();
    }

    /// <summary>Eigenvectors of the r largest or smallest eigenvalues, as columns.</summary>
    private Tensor SelectVectors(Tensor gram)
    {
        if ((_isLargest ? LeadingVectors.Find(gram, _rank) : FindSmallest(gram)) is var (_, _, found))
            return found.t().contiguous();
        (_, Tensor vectors) = linalg.eigh(gram); // in ascending order
        return vectors.narrow(1, _isLargest ? gram.shape[0] - _rank : 0, _rank).contiguous();
    }

    /// <summary>The smallest are the largest of the inverse, where there is one.</summary>
    private (Tensor U, Tensor S, Tensor Vh)? FindSmallest(Tensor gram)
    {
        (Tensor factor, Tensor failure) = linalg.cholesky_ex(gram);
        Tensor? inverse = failure.item<int>() == 0 ? factor.cholesky_inverse() : null;
        factor.Dispose();
        return inverse is null ? null : LeadingVectors.Find(inverse, _rank);
    }
}
