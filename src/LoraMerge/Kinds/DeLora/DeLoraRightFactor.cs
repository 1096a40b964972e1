using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.DeLora;

/// <summary>A with each column times the norm that the weight's had.</summary>
/// <param name="A"><c>[r, in]</c>.</param>
/// <param name="InputNorms"><c>[in]</c>.</param>
internal sealed record DeLoraRightFactor(StoredTensor A, StoredTensor InputNorms) : LowRankFactor
{
    internal override (long Rows, long Columns) Sides => (A.RowCount, A.RowLength);

    internal override Tensor Load(DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        return inputs.Read(A).mul(inputs.Read(InputNorms)).MoveToOuterDisposeScope();
    }
}
