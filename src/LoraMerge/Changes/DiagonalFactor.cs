using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Changes;

/// <summary>B·diag(σ): trained singular values between B and A.</summary>
/// <param name="B"><c>[out, r]</c>.</param>
/// <param name="Diagonal">σ, <c>[r]</c>.</param>
internal sealed record DiagonalFactor(LowRankFactor B, StoredTensor Diagonal) : LowRankFactor
{
    internal override (long Rows, long Columns) Sides => B.Sides;

    internal override string ShapeText => B.ShapeText;

    internal override Tensor Load(DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        return B.Load(inputs).mul(inputs.Read(Diagonal)).MoveToOuterDisposeScope();
    }
}
