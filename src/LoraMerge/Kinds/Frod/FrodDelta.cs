using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Frod;

/// <summary>W′ = W + c·(U·M·Vᵀ - W₀), where M = S + diag(λ), and U is X = W₀·V⁻ᵀ with each column brought to length 1.</summary>
/// <remarks>
/// FRoD; PEFT, <c>frod/layer.py</c>, which keeps U as a matrix, in float32 and then in W's dtype. Here one pass over W₀ makes X, which is kept, and finds its
/// lengths ‖x‖, so that
/// U·M·Vᵀ = X·diag(1/‖x‖)·M·Vᵀ; all in float64. S has few numbers, so M·Vᵀ is a sum of some rows of Vᵀ.
/// Where W is stored <c>[in, out]</c>, it is Xᵀ = V⁻¹·W₀ᵀ. A V that has no inverse has a pseudo-inverse, as in PEFT.
/// </remarks>
internal sealed class FrodDelta : WeightDelta
{
    private const double LeastLength = 1e-12;
    private const double LeastSingularValue = 1e-6;

    private readonly bool _isTransposed;
    private readonly double _adapterWeight;
    private readonly Float64Pieces _pieces = new(PieceSize.Elements / 4);
    private readonly Tensor _inverse;
    private readonly Tensor _x;
    private Tensor _core;

    /// <param name="change">What is done.</param>
    /// <param name="inputs">Where its tensors are read from.</param>
    public FrodDelta(FrodChange change, DeltaInputs inputs)
    {
        using var single = new SingleThread();
        using var scope = NewDisposeScope();
        long side = change.Diagonal.ElementCount;
        _isTransposed = change.IsTransposed;
        _adapterWeight = change.AdapterWeight;
        Tensor directions = inputs.Read(change.Directions).to(ScalarType.Float64);
        (Tensor sign, _) = linalg.slogdet(directions);
        bool hasInverse = sign.item<double>() != 0;
        _inverse = (hasInverse ? linalg.inv(directions) : linalg.pinv(directions, rtol: LeastSingularValue)).DetachFromDisposeScope();
        _core = Spread(change, inputs, directions.t().contiguous(), side).DetachFromDisposeScope();
        long[] shape = _isTransposed ? [side, inputs.Weight.RowLength] : [inputs.Weight.RowCount, side];
        _x = zeros(shape, ScalarType.Float64, inputs.Device).DetachFromDisposeScope();
    }

    public override int PassCount => 1;

    public override bool ObservesSource => true;

    public override void Observe(int pass, Tensor w, long firstRow)
    {
        using var single = new SingleThread();
        foreach ((Tensor piece, long first) in _pieces.Of(w))
        {
            if (_isTransposed)
                _x.addmm_(_inverse.narrow(1, firstRow + first, piece.shape[0]), piece); // Xᵀ
            else
                _x.narrow(0, firstRow + first, piece.shape[0]).addmm_(piece, _inverse.t()); // X
        }
    }

    public override void EndPass(int pass)
    {
        using var single = new SingleThread();
        using var scope = NewDisposeScope();
        Tensor lengths = linalg.norm(_x, ord: 2.0, dims: [_isTransposed ? 1 : 0]);
        Tensor shares = where(lengths.IsMoreThan(LeastLength), lengths.reciprocal(), zeros_like(lengths)); // 1/‖x‖
        _core.mul_(shares.unsqueeze(1)); // diag(1/‖x‖)·M·Vᵀ
        if (!_isTransposed)
            return;
        Tensor made = _core.t().contiguous();
        _core.Dispose();
        _core = made.DetachFromDisposeScope();
    }

    public override void ApplyTo(Tensor w, long firstRow) => throw new NotSupportedException("It needs the weight before all changes.");

    public override void ApplyTo(Tensor w, Tensor source, long firstRow)
    {
        using var single = new SingleThread();
        foreach ((Tensor piece, long first) in _pieces.Of(w))
        {
            using var scope = NewDisposeScope();
            Tensor before = source.narrow(0, first, piece.shape[0]).to(w.device).to(ScalarType.Float64);
            Tensor made = _isTransposed
                ? _core.narrow(0, firstRow + first, piece.shape[0]).matmul(_x)
                : _x.narrow(0, firstRow + first, piece.shape[0]).matmul(_core);
            w.narrow(0, first, piece.shape[0]).copy_(piece.Plus((made - before).Times(_adapterWeight)));
        }
    }

    public override void Dispose()
    {
        _inverse.Dispose();
        _x.Dispose();
        _core.Dispose();
        _pieces.Dispose();
    }

    /// <summary>M·Vᵀ: the rows of Vᵀ times λ, and those that the numbers of S name.</summary>
    private static Tensor Spread(FrodChange change, DeltaInputs inputs, Tensor directions, long side)
    {
        Tensor sum = directions * inputs.Read(change.Diagonal).to(ScalarType.Float64).unsqueeze(1);
        Tensor rows = inputs.ReadIndices(change.Places.At(0), side), columns = inputs.ReadIndices(change.Places.At(1), side);
        Tensor values = inputs.Read(change.Values).to(ScalarType.Float64).unsqueeze(1);
        foreach ((long first, long count) in PieceSize.Cut(values.shape[0], side))
        {
            using var scope = NewDisposeScope();
            Tensor added = directions.index_select(0, columns.narrow(0, first, count)).mul_(values.narrow(0, first, count));
            sum.AddAt(0, rows.narrow(0, first, count), added);
        }
        return sum;
    }
}
