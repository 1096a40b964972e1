using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Lora;

/// <summary>A block-diagonal factor of BdLoRA: stored without its zeros, the blocks one below the other.</summary>
/// <param name="Stored"><c>[rows, columns / blocks]</c>.</param>
/// <param name="Blocks">Number of blocks.</param>
/// <remarks>PEFT, <c>BlockDiagonalLinear.weight_as_blockdiagonal_matrix</c>: the rows are cut into as many parts as there are blocks, which become the
/// diagonal. The product B·A is LoRA's then; a factor with its zeros is as small as one of plain LoRA.</remarks>
internal sealed record BlockDiagonalFactor(StoredTensor Stored, int Blocks) : LowRankFactor
{
    internal override (long Rows, long Columns) Sides => (Stored.RowCount, Stored.RowLength * Blocks);

    internal override string ShapeText => Stored.ShapeText;

    internal override Tensor Load(DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        return block_diag([.. inputs.ReadAsRows(Stored).chunk(Blocks, 0)]).MoveToOuterDisposeScope();
    }
}
