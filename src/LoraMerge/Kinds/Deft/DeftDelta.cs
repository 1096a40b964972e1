using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Deft;

/// <summary>W′ = W + c·Q·(s·R - Kᵀ·W₀): the part of W₀ along a few directions of its outputs goes, and s·R comes.</summary>
/// <remarks>
/// DEFT, arXiv 2512.11562, and PaRa, without R; PEFT, <c>DeftLinear._delta_from_factor</c>, in float32. Here Kᵀ·W₀ is summed in float64. The signs of Q are
/// those of Householder's reflections, as LAPACK has them.
/// </remarks>
internal sealed class DeftDelta : BaseReducedDelta
{
    private readonly Tensor _q;
    private readonly Tensor _k;
    private readonly Tensor _remaining;
    private readonly bool _isTransposed;
    private readonly Float64Pieces _pieces = new();

    /// <param name="change">What is done.</param>
    /// <param name="inputs">Where its tensors are read from.</param>
    public DeftDelta(DeftChange change, DeltaInputs inputs)
        : base(change.AdapterWeight)
    {
        using var scope = NewDisposeScope();
        _isTransposed = change.IsTransposed;
        Tensor directions = inputs.Read(change.Directions).to(ScalarType.Float64);
        Tensor q = change.IsOrthogonal ? linalg.qr(directions).Q : directions;
        Tensor k = change.IsOrthogonal ? q : directions.relu();
        _q = (_isTransposed ? q.t() : q).contiguous().DetachFromDisposeScope(); // [out, r] or [r, out]
        _k = k.contiguous().clone().DetachFromDisposeScope(); // [out, r]
        long inputCount = _isTransposed ? inputs.Weight.RowCount : inputs.Weight.RowLength;
        Tensor replacement = change.Replacement is null
            ? zeros([q.shape[1], inputCount], ScalarType.Float64, inputs.Device)
            : inputs.Read(change.Replacement).to(ScalarType.Float64);
        Tensor negative = replacement.Times(-change.Scaling);
        _remaining = (_isTransposed ? negative.t() : negative).contiguous().DetachFromDisposeScope(); // Kᵀ·W₀ is added to it
    }

    public override int PassCount => 1;

    protected override Tensor Left => _isTransposed ? _remaining : _q;

    protected override Tensor Right => _isTransposed ? _q : _remaining;

    public override void Observe(int pass, Tensor w, long firstRow)
    {
        using var single = new SingleThread();
        foreach ((Tensor piece, long first) in _pieces.Of(w))
        {
            if (_isTransposed)
                _remaining.narrow(0, firstRow + first, piece.shape[0]).addmm_(piece, _k); // W₀·K
            else
                _remaining.addmm_(_k.narrow(0, firstRow + first, piece.shape[0]).t(), piece); // Kᵀ·W₀
        }
    }

    public override void Dispose()
    {
        _q.Dispose();
        _k.Dispose();
        _remaining.Dispose();
        _pieces.Dispose();
    }
}
