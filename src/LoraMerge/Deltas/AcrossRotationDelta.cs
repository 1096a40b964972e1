using System.Collections.Immutable;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = X′ read by rows, where X′ = (s ⊙ (Xᵀ·M₁·M₂·…))ᵀ and X is <c>[columns, rows]</c> of W's numbers in the order in which they are
/// stored.</summary>
/// <remarks>Its rotations go across the rows of W, so that it holds all of W in float64, three times at the end.</remarks>
internal sealed class AcrossRotationDelta : WeightDelta
{
    private readonly ImmutableArray<RotationStep> _steps;
    private readonly Tensor _factors;
    private readonly Tensor _whole;

    /// <param name="rows">Rows of W.</param>
    /// <param name="columns">Columns of W.</param>
    /// <param name="steps">M₁, M₂, …; owned by this delta.</param>
    /// <param name="factors">s, <c>[rows]</c>, float64. Owned by this delta.</param>
    public AcrossRotationDelta(long rows, long columns, ImmutableArray<RotationStep> steps, Tensor factors)
    {
        _steps = steps;
        _factors = factors;
        _whole = empty([rows, columns], ScalarType.Float64, factors.device).DetachFromDisposeScope();
    }

    public override int PassCount => 1;

    /// <summary>The most that is held for a weight, in bytes.</summary>
    public static long BytesOf(long rows, long columns) => checked(3 * rows * columns * sizeof(double));

    public override void Observe(int pass, Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        _whole.narrow(0, firstRow, w.shape[0]).copy_(w);
    }

    public override void EndPass(int pass)
    {
        using var scope = NewDisposeScope();
        (long rows, long columns) = (_whole.shape[0], _whole.shape[1]);
        Tensor x = _whole.view(columns, rows).t().contiguous(); // [rows, columns]
        foreach (RotationStep step in _steps)
            x = step.Apply(x);
        x.mul_(_factors.unsqueeze(1));
        _whole.copy_(x.t().contiguous().view(rows, columns));
    }

    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        w.copy_(_whole.narrow(0, firstRow, w.shape[0]));
    }

    public override void Dispose()
    {
        foreach (RotationStep step in _steps)
            step.Dispose();
        _factors.Dispose();
        _whole.Dispose();
    }
}
