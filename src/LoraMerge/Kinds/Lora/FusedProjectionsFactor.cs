using System.Collections.Immutable;
using LoraMerge.Changes;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Lora;

/// <summary>B of pairs for some of the projections that one weight fuses, such as query and value of query, key, value.</summary>
/// <param name="B"><c>[rows of the adapted projections, r]</c>.</param>
/// <param name="Enabled">For each projection whether it is adapted.</param>
/// <remarks>
/// PEFT 0.2, <c>MergedLinear</c>: a grouped convolution, in which the g-th adapted projection gets s·B_g·A_g, with A_g the g-th r rows of A and B_g
/// the g-th rows of B. With B_g in the rows of its projection and in the g-th r columns, and zeros elsewhere, that is the plain product B·A.
/// </remarks>
internal sealed record FusedProjectionsFactor(LowRankFactor B, ImmutableArray<bool> Enabled) : LowRankFactor
{
    private int Adapted => Enabled.Count(isAdapted => isAdapted);

    internal override (long Rows, long Columns) Sides => (B.Sides.Rows / Adapted * Enabled.Length, B.Sides.Columns * Adapted);

    internal override string ShapeText => B.ShapeText;

    internal override Tensor Load(DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor b = B.Load(inputs);
        (long rows, long rank) = (b.shape[0] / Adapted, b.shape[1]);
        Tensor expanded = zeros([rows * Enabled.Length, rank * Adapted], b.dtype, b.device); // [rows of all projections, adapted · r]
        int group = 0;
        for (int projection = 0; projection < Enabled.Length; projection++)
        {
            if (!Enabled[projection])
                continue;
            expanded.narrow(0, projection * rows, rows).narrow(1, group * rank, rank).copy_(b.narrow(0, group * rows, rows));
            group++;
        }
        return expanded.MoveToOuterDisposeScope();
    }
}
