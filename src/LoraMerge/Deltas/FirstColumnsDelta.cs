using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W - c·s·Q_r·R_r, where W = Q·R: OLoRA's residual base. Q_r·R_r is the projection of W on its first r columns.</summary>
/// <remarks>
/// OLoRA, arXiv 2406.01775; PEFT, <c>olora_init</c>, which multiplies by s and works on the weight as it is stored. Q_r comes from the first r columns alone
/// (first pass),
/// R_r = Q_rᵀ·W block by block (second pass), both in float64: memory r·(rows + columns). Signs of Q do not matter.
/// </remarks>
internal sealed class FirstColumnsDelta : BaseReducedDelta
{
    private readonly long _rows;
    private readonly long _columns;
    private readonly int _rank;
    private readonly Float64Pieces _pieces = new();
    private Tensor? _q;
    private Tensor? _r;

    /// <param name="rows">Rows of W.</param>
    /// <param name="columns">Columns of W.</param>
    /// <param name="rank">r.</param>
    /// <param name="factor">c·s.</param>
    public FirstColumnsDelta(long rows, long columns, int rank, double factor)
        : base(factor)
    {
        _rows = rows;
        _columns = columns;
        _rank = (int)Math.Min(rank, Math.Min(rows, columns));
    }

    public override int PassCount => 2;

    protected override Tensor Left => _q!;

    protected override Tensor Right => _r!;

    /// <summary>The most that is held for a weight, in bytes; Q's columns are there thrice while they are made orthogonal.</summary>
    public static long BytesOf(long rows, long columns, int rank) =>
        checked(8 * ((3 * Math.Min(rank, Math.Min(rows, columns)) * (rows + columns)) + PieceSize.Elements));

    public override void Observe(int pass, Tensor w, long firstRow)
    {
        using var single = new SingleThread();
        using var scope = NewDisposeScope();
        if (pass == 0)
        {
            _q ??= empty([_rows, _rank], ScalarType.Float64, w.device).DetachFromDisposeScope();
            _q.narrow(0, firstRow, w.shape[0]).copy_(w.narrow(1, 0, _rank));
            return;
        }
        _r ??= zeros([_rank, _columns], ScalarType.Float64, w.device).DetachFromDisposeScope();
        foreach ((Tensor piece, long first) in _pieces.Of(w))
            _r.addmm_(_q!.narrow(0, firstRow + first, piece.shape[0]).t(), piece);
    }

    public override void EndPass(int pass)
    {
        if (pass != 0)
            return;
        using var single = new SingleThread();
        using var scope = NewDisposeScope();
        Tensor columns = _q!;
        (Tensor q, _) = linalg.qr(columns);
        _q = q.DetachFromDisposeScope();
        columns.Dispose();
    }

    public override void Dispose()
    {
        _q?.Dispose();
        _r?.Dispose();
        _pieces.Dispose();
    }
}
