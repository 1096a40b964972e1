using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W + c·(V - W), where V is what another change makes of W: a change that is no sum, taken by the weight c of its adapter.</summary>
/// <remarks>With c = 1 it is V exactly. Other weights are no notion of PEFT's. A copy of W is kept piece by piece.</remarks>
internal sealed class WeightedDelta : WeightDelta
{
    private readonly WeightDelta _change;
    private readonly double _adapterWeight;
    private readonly long _rowsTogether;

    /// <param name="change">Makes V of W; owned by this delta.</param>
    /// <param name="adapterWeight">c.</param>
    /// <param name="rowsTogether">Rows that the change has to be given together.</param>
    public WeightedDelta(WeightDelta change, double adapterWeight, long rowsTogether = 1)
    {
        _change = change;
        _adapterWeight = adapterWeight;
        _rowsTogether = rowsTogether;
    }

    public override int PassCount => _change.PassCount;

    public override bool ObservesSource => _change.ObservesSource;

    public override void Observe(int pass, Tensor w, long firstRow) => _change.Observe(pass, w, firstRow);

    public override void EndPass(int pass) => _change.EndPass(pass);

    public override void ApplyTo(Tensor w, long firstRow) => ApplyTo(w, w, firstRow);

    public override void ApplyTo(Tensor w, Tensor source, long firstRow)
    {
        if (_adapterWeight == 1)
        {
            _change.ApplyTo(w, source, firstRow);
            return;
        }
        long step = Math.Max(PieceSize.Elements / w.shape[1] / _rowsTogether, 1) * _rowsTogether;
        for (long first = 0; first < w.shape[0]; first += step)
        {
            using var scope = NewDisposeScope();
            long count = Math.Min(step, w.shape[0] - first);
            Tensor rows = w.narrow(0, first, count);
            Tensor before = rows.clone();
            _change.ApplyTo(rows, source.narrow(0, first, count), firstRow + first);
            rows.copy_(before.lerp_(rows, _adapterWeight));
        }
    }

    public override void Dispose() => _change.Dispose();
}
