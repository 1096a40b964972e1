using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = f ⊙ W, with one factor for each row or column: W + c·(f ⊙ W - W) = (1 + c·(f - 1)) ⊙ W.</summary>
internal sealed class FactorsDelta : WeightDelta
{
    private readonly Tensor _factors;
    private readonly bool _isByColumn;

    /// <param name="factors">f, <c>[rows]</c> or <c>[columns / n]</c> where each belongs to n neighbouring columns, dtype of W's buffer; owned by this
    /// delta.</param>
    /// <param name="isByColumn">Whether they belong to columns.</param>
    /// <param name="adapterWeight">c.</param>
    public FactorsDelta(Tensor factors, bool isByColumn, double adapterWeight)
    {
        _factors = adapterWeight == 1 ? factors : factors.Subtract(1).Multiply(adapterWeight).Add(1);
        _isByColumn = isByColumn;
    }

    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        w.mul_(_isByColumn ? _factors.repeat_interleave(w.shape[1] / _factors.shape[0]) : _factors.narrow(0, firstRow, w.shape[0]).unsqueeze(1));
    }

    public override void Dispose() => _factors.Dispose();
}
