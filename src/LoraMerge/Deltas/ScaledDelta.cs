using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = k·W, after all other changes: a head whose model no longer scales what comes into it.</summary>
internal sealed class ScaledDelta(double factor) : WeightDelta
{
    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        w.mul_(tensor(factor, w.dtype, w.device));
    }

    public override void Dispose() { }
}
