using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Changes;

/// <summary>A matrix that is stored as a product itself: B·A.</summary>
/// <param name="B"><c>[rows, r]</c>.</param>
/// <param name="A"><c>[r, columns]</c>.</param>
internal sealed record ProductFactor(LowRankFactor B, LowRankFactor A) : LowRankFactor
{
    internal override (long Rows, long Columns) Sides => (B.Sides.Rows, A.Sides.Columns);

    internal override Tensor Load(DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        return B.Load(inputs).matmul(A.Load(inputs)).MoveToOuterDisposeScope();
    }
}
