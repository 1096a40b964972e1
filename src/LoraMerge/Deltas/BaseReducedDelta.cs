using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>
/// W′ = W - c·L·R, in two low-rank factors that passes over W compute: takes away what training took from the base before it began, or what the adapter itself
/// makes of the base.
/// </summary>
/// <remarks>The factors come from the base as it is stored, whatever other adapters do to it: each adapter was trained on its own. PEFT rounds a reduced base
/// to its dtype before training; here nothing is rounded in between.</remarks>
internal abstract class BaseReducedDelta : WeightDelta
{
    private readonly double _factor;

    /// <param name="factor">c, with everything else that multiplies the part; negative where it is added.</param>
    protected BaseReducedDelta(double factor) => _factor = factor;

    public override bool ObservesSource => true;

    /// <summary>L, float64, <c>[rows, r]</c>; complete after the last pass.</summary>
    protected abstract Tensor Left { get; }

    /// <summary>R, float64, <c>[r, columns]</c>.</summary>
    protected abstract Tensor Right { get; }

    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        Tensor left = Left.narrow(0, firstRow, w.shape[0]).Times(-_factor).to(w.dtype); // [rows, r]
        w.addmm_(left, Right.to(w.dtype));
    }
}
