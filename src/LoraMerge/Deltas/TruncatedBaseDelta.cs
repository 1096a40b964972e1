using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W + c·(T - W), where T = Σ σᵢ·uᵢ·vᵢᵀ over all but the r smallest singular values of W: the base of KaSA and OSF, of weights that are not large.</summary>
/// <remarks>
/// PEFT, <c>KasaLinearVariant._truncate_base_weight</c> and <c>osf/utils.py</c>: both decompose in float32 whatever W's dtype is, so T is off by that
/// decomposition's error, which is several roundings of a float32 result, and adapters are trained on that T. The same call of LAPACK on one thread gives its
/// very bits, and the same vectors where singular values are equal. Memory: W and its decomposition in float32, T in float64.
/// </remarks>
internal sealed class TruncatedBaseDelta : WeightDelta
{
    /// <summary>The largest weight that is decomposed whole; above it <see cref="SingularPartDelta"/> is as near to T as T is to the exact one.</summary>
    public const long LargestElements = 1 << 22;

    private readonly int _rank;
    private readonly bool _isSummedInDouble;
    private readonly double _adapterWeight;
    private Tensor? _whole;
    private Tensor? _truncated;

    /// <param name="rows">Rows of W.</param>
    /// <param name="columns">Columns of W.</param>
    /// <param name="rank">r.</param>
    /// <param name="isSummedInDouble">Whether the sum over i is one of float64 (OSF), not of float32, in which KaSA keeps T.</param>
    /// <param name="adapterWeight">c.</param>
    public TruncatedBaseDelta(long rows, long columns, int rank, bool isSummedInDouble, double adapterWeight)
    {
        _rank = (int)Math.Min(rank, Math.Min(rows, columns));
        _isSummedInDouble = isSummedInDouble;
        _adapterWeight = adapterWeight;
        _whole = empty([rows, columns], ScalarType.Float32).DetachFromDisposeScope();
    }

    public override int PassCount => 1;

    public override bool ObservesSource => true;

    /// <summary>The most that is held for a weight, in bytes: W twice, U and Vᵀ, what the decomposition works in, and T.</summary>
    public static long BytesOf(long rows, long columns)
    {
        long side = Math.Min(rows, columns);
        return checked((4 * ((4 * rows * columns) + (8 * side * side))) + (8 * rows * columns));
    }

    public override void Observe(int pass, Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        _whole!.narrow(0, firstRow, w.shape[0]).copy_(w);
    }

    public override void EndPass(int pass)
    {
        using var single = new SingleThread();
        using var scope = NewDisposeScope();
        (Tensor u, Tensor s, Tensor vh) = linalg.svd(_whole!, fullMatrices: false);
        long kept = s.shape[0] - _rank;
        (u, s, vh) = (u.narrow(1, 0, kept), s.narrow(0, 0, kept), vh.narrow(0, 0, kept));
        if (_isSummedInDouble)
            (u, s, vh) = (u.to(ScalarType.Float64), s.to(ScalarType.Float64), vh.to(ScalarType.Float64));
        _truncated = u.mul(s).matmul(vh).to(ScalarType.Float64).DetachFromDisposeScope();
        _whole!.Dispose();
        _whole = null;
    }

    public override void ApplyTo(Tensor w, long firstRow) => throw new NotSupportedException("It needs the weight before all changes.");

    public override void ApplyTo(Tensor w, Tensor source, long firstRow)
    {
        foreach ((long first, long count) in PieceSize.Cut(w.shape[0], w.shape[1]))
        {
            using var scope = NewDisposeScope();
            Tensor part = _truncated!.narrow(0, firstRow + first, count).sub(source.narrow(0, first, count)).mul_(_adapterWeight);
            w.narrow(0, first, count).add_(part.to(w.dtype).to(w.device));
        }
    }

    public override void Dispose()
    {
        _whole?.Dispose();
        _truncated?.Dispose();
    }
}
