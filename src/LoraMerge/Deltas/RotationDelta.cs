using System.Collections.Immutable;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = s ⊙ (W·M₁·M₂·…), where each M rotates groups of inputs.</summary>
/// <remarks>Every row is rotated by itself, in float64; it is rounded to the buffer's dtype once.</remarks>
internal sealed class RotationDelta : WeightDelta
{
    private readonly ImmutableArray<RotationStep> _steps;
    private readonly Tensor? _factors;
    private readonly Float64Pieces _pieces = new(PieceSize.Elements / 4);

    /// <param name="steps">M₁, M₂, …; owned by this delta.</param>
    /// <param name="factors">s, <c>[rows]</c>, float64; null for none. Owned by this delta.</param>
    public RotationDelta(ImmutableArray<RotationStep> steps, Tensor? factors)
    {
        _steps = steps;
        _factors = factors;
    }

    public override void ApplyTo(Tensor w, long firstRow)
    {
        foreach ((Tensor piece, long first) in _pieces.Of(w))
        {
            using var scope = NewDisposeScope();
            Tensor x = piece;
            foreach (RotationStep step in _steps)
                x = step.Apply(x);
            if (_factors is not null)
                x.mul_(_factors.narrow(0, firstRow + first, x.shape[0]).unsqueeze(1));
            w.narrow(0, first, x.shape[0]).copy_(x);
        }
    }

    public override void Dispose()
    {
        foreach (RotationStep step in _steps)
            step.Dispose();
        _factors?.Dispose();
        _pieces.Dispose();
    }
}
