using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>Block-diagonal factors of BdLoRA: stored without their zeros, the blocks one below the other.</summary>
/// <remarks>PEFT, <c>BlockDiagonalLinear.weight_as_blockdiagonal_matrix</c>: the rows are cut into as many parts as there are blocks, which become the diagonal. The product B·A is LoRA's then; a factor with its zeros is as small as one of plain LoRA.</remarks>
internal static class BlockDiagonal
{
    /// <param name="stored"><c>[rows, columns / blocks]</c>.</param>
    /// <param name="blocks">Number of blocks; 1 leaves the factor as it is.</param>
    /// <returns><c>[rows, columns]</c>.</returns>
    public static Tensor Expand(Tensor stored, int blocks) => blocks == 1 ? stored : block_diag([.. stored.chunk(blocks, 0)]);
}
