using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Psoft;

/// <summary>W′ = W + c·U·diag(σ)·(R - I)·Vᵀ over the r largest singular values of the base; of a split start W + c·U·diag(√σ)·(R - I)·diag(√σ)·Vᵀ.</summary>
/// <remarks>
/// PSOFT, ICLR 2026; PEFT, <c>psoft/layer.py</c>, whose B holds σ / s and whose ΔW is multiplied by s: both go. R is Cayley's map of Q, or its series, in
/// float64. U and V are found in float32 as in PEFT, because the signs that this gives matter: no other way to find the same directions would give them.
/// Memory: W and its decomposition in float32.
/// </remarks>
internal sealed class PsoftDelta : BaseReducedDelta
{
    private readonly bool _isSplit;
    private readonly bool _isTransposed;
    private readonly int _rank;
    private readonly PsoftDraw? _draw;
    private readonly Tensor _turn;
    private readonly Device _device;
    private Tensor? _whole;
    private Tensor? _left;
    private Tensor? _right;

    /// <param name="change">What is done.</param>
    /// <param name="inputs">Where its tensors are read from.</param>
    public PsoftDelta(PsoftChange change, DeltaInputs inputs)
        : base(-change.AdapterWeight)
    {
        using var scope = NewDisposeScope();
        _isSplit = change.IsSplit;
        _isTransposed = change.IsTransposed;
        _rank = change.Rank;
        _draw = change.Draw;
        _device = inputs.Device;
        Tensor numbers = inputs.Read(change.Numbers).to(ScalarType.Float64);
        Tensor rotation = change.IsOrthogonal ? Rotated(numbers, change) : numbers;
        if (change.RowFactors is not null)
            rotation = inputs.Read(change.RowFactors).to(ScalarType.Float64).unsqueeze(1) * rotation;
        if (change.ColumnFactors is not null)
            rotation = rotation * inputs.Read(change.ColumnFactors).to(ScalarType.Float64);
        _turn = (rotation - eye(_rank, dtype: ScalarType.Float64, device: inputs.Device)).DetachFromDisposeScope(); // R - I
        _whole = empty([inputs.Weight.RowCount, inputs.Weight.RowLength], ScalarType.Float32).DetachFromDisposeScope();
    }

    public override int PassCount => 1;

    protected override Tensor Left => _left!;

    protected override Tensor Right => _right!;

    /// <summary>The most that is held for a weight, in bytes: W twice, U and Vᵀ, and what the decomposition works in.</summary>
    public static long BytesOf(long rows, long columns)
    {
        long side = Math.Min(rows, columns);
        return checked(4 * ((4 * rows * columns) + (8 * side * side)));
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
        Tensor weight = _isTransposed ? _whole!.t() : _whole!;
        (Tensor u, Tensor s, Tensor v) = _draw is PsoftDraw draw
            ? StrongestFactors.OfDrawn(weight, _rank, draw.Rounds, draw.Seed)
            : StrongestFactors.OfWhole(weight, _rank);
        Tensor values = s.to(ScalarType.Float64).to(_device);
        Tensor core = _isSplit ? values.sqrt().unsqueeze(1) * _turn * values.sqrt() : values.unsqueeze(1) * _turn; // [r, r]
        Tensor left = u.to(ScalarType.Float64).to(_device).matmul(core); // [out, r]
        Tensor right = v.to(ScalarType.Float64).to(_device); // [r, in]
        _left = (_isTransposed ? right.t() : left).contiguous().DetachFromDisposeScope();
        _right = (_isTransposed ? left.t() : right).contiguous().DetachFromDisposeScope();
        _whole!.Dispose();
        _whole = null;
    }

    public override void Dispose()
    {
        _turn.Dispose();
        _whole?.Dispose();
        _left?.Dispose();
        _right?.Dispose();
    }

    /// <summary>(I + Q)·(I - Q)⁻¹, or its series.</summary>
    private static Tensor Rotated(Tensor numbers, PsoftChange change)
    {
        Tensor skew = Rotation.Skew(numbers.unsqueeze(0), change.Rank);
        if (change.Limit is double limit)
            skew = Rotation.Limited(skew, limit);
        return (change.SeriesTerms == 0 ? Rotation.Cayley(-skew) : Rotation.Series(skew, change.SeriesTerms, hasFullLastTerm: false)).squeeze(0);
    }
}
