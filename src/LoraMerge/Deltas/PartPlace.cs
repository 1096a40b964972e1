namespace LoraMerge.Deltas;

/// <summary>A rectangle of a tensor that is taken as rows of its last dimension.</summary>
/// <param name="FirstRow">Where it begins.</param>
/// <param name="RowCount">Its rows.</param>
/// <param name="FirstColumn">Where it begins in each row.</param>
/// <param name="ColumnCount">Its columns.</param>
/// <param name="ColumnStep">Their distance: 2 where it has every second one.</param>
internal sealed record PartPlace(long FirstRow, long RowCount, long FirstColumn, long ColumnCount, int ColumnStep = 1)
{
    internal long EndColumn => FirstColumn + ((ColumnCount - 1) * ColumnStep) + 1;
}
