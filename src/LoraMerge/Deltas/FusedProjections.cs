using System.Collections.Immutable;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>Pairs for some of the projections that one weight fuses, such as query and value of query, key, value.</summary>
/// <remarks>
/// PEFT 0.2, <c>MergedLinear</c>: a grouped convolution, in which the g-th adapted projection gets s·B_g·A_g, with A_g the g-th r rows of A and B_g
/// the g-th rows of B. With B_g in the rows of its projection and in the g-th r columns, and zeros elsewhere, that is the plain product B·A.
/// </remarks>
internal static class FusedProjections
{
    /// <param name="b"><c>[rows of the adapted projections, r]</c>.</param>
    /// <param name="enabled">For each projection whether it is adapted; empty to leave B as it is.</param>
    /// <returns><c>[rows of all projections, adapted · r]</c>; in the caller's scope.</returns>
    public static Tensor Expand(Tensor b, ImmutableArray<bool> enabled)
    {
        if (enabled.IsEmpty)
            return b;
        int adapted = enabled.Count(isAdapted => isAdapted);
        (long rows, long rank) = (b.shape[0] / adapted, b.shape[1]);
        Tensor expanded = zeros([rows * enabled.Length, rank * adapted], b.dtype, b.device);
        int group = 0;
        for (int projection = 0; projection < enabled.Length; projection++)
        {
            if (!enabled[projection])
                continue;
            expanded.narrow(0, projection * rows, rows).narrow(1, group * rank, rank).copy_(b.narrow(0, group * rows, rows));
            group++;
        }
        return expanded;
    }
}
