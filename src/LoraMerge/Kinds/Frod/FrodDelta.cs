using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Frod;

/// <summary>W′ = W + c·(U·M·Vᵀ - W₀), where M = S + diag(λ), and U is X = W₀·V⁻ᵀ with each column brought to length 1.</summary>
/// <remarks>
/// FRoD; PEFT, <c>frod/layer.py</c>, which keeps U as a matrix, in float32 and then in W's dtype. Here U·M·Vᵀ = W₀·T with T = V⁻ᵀ·diag(1/‖x‖)·M·Vᵀ, so that one
/// pass over W₀ finds the lengths ‖x‖ and each row is made of its own; all in float64.
/// Where W is stored <c>[in, out]</c>, Xᵀ = V⁻¹·W₀ᵀ needs all rows, and is kept. A V that has no inverse has a pseudo-inverse, as in PEFT.
/// </remarks>
internal sealed class FrodDelta : WeightDelta
{
    private const double LeastLength = 1e-12;
    private const double LeastSingularValue = 1e-6;

    private readonly bool _isTransposed;
    private readonly double _adapterWeight;
    private readonly Float64Pieces _pieces = new(PieceSize.Elements / 4);
    private readonly Tensor _directions;
    private readonly Tensor _inverse;
    private readonly Tensor _squares;
    private readonly Tensor? _turned;
    private Tensor _core;

    /// <param name="change">What is done.</param>
    /// <param name="inputs">Where its tensors are read from.</param>
    public FrodDelta(FrodChange change, DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        long side = change.Diagonal.ElementCount;
        _isTransposed = change.IsTransposed;
        _adapterWeight = change.AdapterWeight;
        _directions = inputs.Read(change.Directions).to(ScalarType.Float64).DetachFromDisposeScope();
        (Tensor sign, _) = linalg.slogdet(_directions);
        bool hasInverse = sign.item<double>() != 0;
        _inverse = (hasInverse ? linalg.inv(_directions) : linalg.pinv(_directions, rtol: LeastSingularValue)).DetachFromDisposeScope();
        Tensor core = inputs.Read(change.Diagonal).to(ScalarType.Float64).diag(); // M
        Tensor rows = inputs.ReadIndices(change.Places.At(0), side), columns = inputs.ReadIndices(change.Places.At(1), side);
        core.view(-1).index_add_(0, (rows * side) + columns, inputs.Read(change.Values).to(ScalarType.Float64), 1);
        _core = core.DetachFromDisposeScope();
        _squares = zeros([side], ScalarType.Float64, inputs.Device).DetachFromDisposeScope();
        _turned = _isTransposed ? zeros([side, inputs.Weight.RowLength], ScalarType.Float64, inputs.Device).DetachFromDisposeScope() : null;
    }

    public override int PassCount => 1;

    public override bool ObservesSource => true;

    public override void Observe(int pass, Tensor w, long firstRow)
    {
        using var single = new SingleThread();
        foreach ((Tensor piece, long first) in _pieces.Of(w))
        {
            if (_isTransposed)
                _turned!.addmm_(_inverse.narrow(1, firstRow + first, piece.shape[0]), piece); // Xᵀ
            else
                _squares.add_(piece.matmul(_inverse.t()).pow(2).sum([0L]));
        }
    }

    public override void EndPass(int pass)
    {
        using var single = new SingleThread();
        using var scope = NewDisposeScope();
        Tensor lengths = (_isTransposed ? _turned!.pow(2).sum([1L]) : _squares).sqrt();
        Tensor shares = where(lengths.gt(LeastLength), lengths.reciprocal(), zeros_like(lengths)); // 1/‖x‖
        Tensor core = shares.unsqueeze(1) * _core; // [in, in]
        _core.Dispose();
        Tensor made = core.matmul(_directions.t()); // diag(1/‖x‖)·M·Vᵀ
        _core = (_isTransposed ? made.t().contiguous() : _inverse.t().matmul(made)).DetachFromDisposeScope();
    }

    public override void ApplyTo(Tensor w, long firstRow) => throw new NotSupportedException("It needs the weight before all changes.");

    public override void ApplyTo(Tensor w, Tensor source, long firstRow)
    {
        using var single = new SingleThread();
        foreach ((Tensor piece, long first) in _pieces.Of(w))
        {
            using var scope = NewDisposeScope();
            Tensor before = source.narrow(0, first, piece.shape[0]).to(w.device).to(ScalarType.Float64);
            Tensor made = _isTransposed ? _core.narrow(0, firstRow + first, piece.shape[0]).matmul(_turned!) : before.matmul(_core);
            w.narrow(0, first, piece.shape[0]).copy_(piece + (_adapterWeight * (made - before)));
        }
    }

    public override void Dispose()
    {
        _directions.Dispose();
        _inverse.Dispose();
        _squares.Dispose();
        _turned?.Dispose();
        _core.Dispose();
        _pieces.Dispose();
    }
}
