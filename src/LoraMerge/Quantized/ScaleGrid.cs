using LoraMerge.Checkpoints;

namespace LoraMerge.Quantized;

/// <summary>Which scale belongs to which code: each matrix of the codes is cut into blocks, and each block has one; the last ones may be smaller.</summary>
/// <param name="MatrixRows">Rows of a matrix; a weight may be several, one after another.</param>
/// <param name="RowLength">Codes in a row.</param>
/// <param name="BlockRows">Rows of a block.</param>
/// <param name="BlockColumns">Columns of a block.</param>
/// <param name="IsShared">Whether all matrices have the same scales.</param>
internal sealed record ScaleGrid(long MatrixRows, long RowLength, long BlockRows, long BlockColumns, bool IsShared)
{
    /// <summary>Blocks one below another.</summary>
    public long Rows => (MatrixRows + BlockRows - 1) / BlockRows;

    /// <summary>Blocks side by side.</summary>
    public long Columns => (RowLength + BlockColumns - 1) / BlockColumns;

    /// <summary>Which row of the grid a row of codes belongs to.</summary>
    /// <param name="row">Counted through all matrices.</param>
    public long RowOf(long row) => (IsShared ? 0 : row / MatrixRows * Rows) + (row % MatrixRows / BlockRows);

    /// <summary>For codes whose last two sides are a matrix.</summary>
    public static ScaleGrid Of(StoredTensor codes, StoredTensor scales, long blockRows, long blockColumns) => new(
        Math.Max(codes.Shape[^2], 1), codes.Shape[^1], Math.Max(blockRows, 1), Math.Max(blockColumns, 1),
        IsShared: scales.ElementCount == 1 || codes.Shape.Length == 2);
}
