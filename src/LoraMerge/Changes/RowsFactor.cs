using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Changes;

/// <summary>Some rows of a factor: what is learned of a weight of which the base holds these rows apart.</summary>
/// <param name="Factor">The whole factor.</param>
/// <param name="FirstRow">The first row.</param>
/// <param name="RowCount">How many.</param>
internal sealed record RowsFactor(LowRankFactor Factor, long FirstRow, long RowCount) : LowRankFactor
{
    internal override (long Rows, long Columns) Sides => (RowCount, Factor.Sides.Columns);

    internal override Tensor Load(DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        return Factor.Load(inputs).narrow(0, FirstRow, RowCount).contiguous().MoveToOuterDisposeScope();
    }
}
