using LoraMerge.Checkpoints;

namespace LoraMerge.Planning;

/// <summary>Rows of a tensor of the base that are rows of a trained weight.</summary>
/// <param name="Stored">The tensor.</param>
/// <param name="FirstRow">The first of its rows.</param>
/// <param name="RowCount">How many.</param>
/// <param name="FirstTrained">Which row of the trained weight the first one is.</param>
internal sealed record RowSegment(TensorSource Stored, long FirstRow, long RowCount, long FirstTrained)
{
    /// <summary>Whether these are all rows of the tensor.</summary>
    public bool IsWholeTensor => RowCount == Stored.RowCount;

    /// <summary>For messages.</summary>
    public string Text => IsWholeTensor ? Stored.Name : $"{Stored.Name}, rows {FirstRow} to {FirstRow + RowCount - 1}";
}
