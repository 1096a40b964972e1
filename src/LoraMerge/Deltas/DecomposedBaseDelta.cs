using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W + c·(T - W), where T = Σ σᵢ·uᵢ·vᵢᵀ over all but the r largest or smallest singular values of W, for weights that are not large.</summary>
/// <remarks>
/// PiSSA and OSF in float64. KaSA in float32: PEFT, <c>KasaLinearVariant._truncate_base_weight</c>, decomposes in float32 whatever W's dtype is, and adapters
/// are trained on the T that this gives, several roundings of a float32 result away from the exact one. The same call of LAPACK on one thread gives its very
/// bits, and the same vectors where singular values are equal. Memory: W and its decomposition, and T in float64.
/// </remarks>
internal sealed class DecomposedBaseDelta : WeightDelta
{
    /// <summary>The largest weight that is decomposed whole; <see cref="SingularPartDelta"/> takes the others.</summary>
    public const long LargestElements = 1 << 20;

    private readonly int _rank;
    private readonly bool _isLargest;
    private readonly double _adapterWeight;
    private Tensor? _whole;
    private Tensor? _rest;

    /// <param name="rows">Rows of W.</param>
    /// <param name="columns">Columns of W.</param>
    /// <param name="rank">r.</param>
    /// <param name="isLargest">Whether the largest singular values go, not the smallest.</param>
    /// <param name="isOfFloat32">Whether W is decomposed in float32, not in float64.</param>
    /// <param name="adapterWeight">c.</param>
    public DecomposedBaseDelta(long rows, long columns, int rank, bool isLargest, bool isOfFloat32, double adapterWeight)
    {
        _rank = (int)Math.Min(rank, Math.Min(rows, columns));
        _isLargest = isLargest;
        _adapterWeight = adapterWeight;
        _whole = empty([rows, columns], isOfFloat32 ? ScalarType.Float32 : ScalarType.Float64).DetachFromDisposeScope();
    }

    public override int PassCount => 1;

    public override bool ObservesSource => true;

    /// <summary>The most that is held for a weight, in bytes: W twice, U and Vᵀ, what the decomposition works in, and T.</summary>
    public static long BytesOf(long rows, long columns, bool isOfFloat32)
    {
        long side = Math.Min(rows, columns);
        return checked(((isOfFloat32 ? sizeof(float) : sizeof(double)) * ((4 * rows * columns) + (8 * side * side))) + (8 * rows * columns));
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
        (long first, long count) = (_isLargest ? _rank : 0, s.shape[0] - _rank);
        _rest = u.narrow(1, first, count).mul(s.narrow(0, first, count)).matmul(vh.narrow(0, first, count)).to(ScalarType.Float64).DetachFromDisposeScope();
        _whole!.Dispose();
        _whole = null;
    }

    public override void ApplyTo(Tensor w, long firstRow) => throw new NotSupportedException("It needs the weight before all changes.");

    public override void ApplyTo(Tensor w, Tensor source, long firstRow)
    {
        foreach ((long first, long count) in PieceSize.Cut(w.shape[0], w.shape[1]))
        {
            using var scope = NewDisposeScope();
            Tensor part = _rest!.narrow(0, firstRow + first, count).sub(source.narrow(0, first, count)).Multiply(_adapterWeight);
            w.narrow(0, first, count).Add(part.to(w.dtype).to(w.device));
        }
    }

    public override void Dispose()
    {
        _whole?.Dispose();
        _rest?.Dispose();
    }
}
