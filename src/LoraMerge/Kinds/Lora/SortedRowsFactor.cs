using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Lora;

/// <summary>A factor whose rows are read in another order than the file has them.</summary>
/// <param name="Stored">It, with its rows in several dimensions and its columns in the last.</param>
internal sealed record SortedRowsFactor(StoredTensor Stored) : LowRankFactor
{
    internal override (long Rows, long Columns) Sides => (Stored.ElementCount / Stored.Shape[^1], Stored.Shape[^1]);

    internal override Tensor Load(DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        return inputs.Read(Stored).reshape(Sides.Rows, Sides.Columns).MoveToOuterDisposeScope();
    }
}
