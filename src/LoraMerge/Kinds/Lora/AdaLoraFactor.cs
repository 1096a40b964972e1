using System.Collections.Immutable;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Lora;

/// <summary>A ⊙ E: every direction times its strength, which is zero for those that were taken out.</summary>
/// <param name="A"><c>[r, in]</c>.</param>
/// <param name="Strengths">E, <c>[r, 1]</c>.</param>
/// <param name="Kept">Which directions count; empty for all.</param>
internal sealed record AdaLoraFactor(StoredTensor A, StoredTensor Strengths, ImmutableArray<bool> Kept) : LowRankFactor
{
    internal override (long Rows, long Columns) Sides => (A.RowCount, A.RowLength);

    internal override Tensor Load(DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor scaled = inputs.Read(A).mul_(inputs.Read(Strengths));
        if (!Kept.IsEmpty)
            scaled.mul_(tensor([.. Kept]).to(scaled.dtype).to(scaled.device).unsqueeze(1));
        return scaled.MoveToOuterDisposeScope();
    }
}
