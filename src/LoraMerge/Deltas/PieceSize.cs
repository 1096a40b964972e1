namespace LoraMerge.Deltas;

/// <summary>How much of a tensor is worked on at a time where something has to be made of it first.</summary>
internal static class PieceSize
{
    /// <summary>8 MB of float64, which stay in the processor's cache while they are squared and summed.</summary>
    public const long Elements = 1 << 20;

    /// <summary>Rows of a piece: one at least.</summary>
    /// <param name="elementsOfRow">What is made for each row.</param>
    public static long RowsFor(long elementsOfRow) => Math.Max(Elements / elementsOfRow, 1);

    /// <summary>The pieces of some rows: number of the first row among them, and count.</summary>
    /// <param name="rowCount">The rows.</param>
    /// <param name="elementsOfRow">What is made for each of them.</param>
    public static IEnumerable<(long First, long Count)> Cut(long rowCount, long elementsOfRow)
    {
        long step = RowsFor(elementsOfRow);
        for (long first = 0; first < rowCount; first += step)
            yield return (first, Math.Min(step, rowCount - first));
    }
}
