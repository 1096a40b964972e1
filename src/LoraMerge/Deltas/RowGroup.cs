namespace LoraMerge.Deltas;

/// <summary>The rows of a weight that arithmetic takes at once: how many they are depends on the tensor and on what is done to it, never on memory.</summary>
/// <remarks>
/// A product of matrices rounds its last rows otherwise than the rows before them, and a sum depends on where its parts end. So rows are counted in groups from
/// the first row of the tensor, and a block of a merge is such a group.
/// </remarks>
internal static class RowGroup
{
    /// <summary>
    /// Bytes of a group in the wider of its two dtypes, the source's and the result's: of less, the steps of a formula cost more than what they do; of more,
    /// what they make no longer lies in the processor's cache, and memory grows.
    /// </summary>
    public const long Bytes = 8 << 20;

    /// <summary>Products take rows by so many.</summary>
    private const long RowsOfProduct = 16;

    /// <summary>Rows of a group; the last one of a tensor may have fewer.</summary>
    /// <param name="rowLength">Elements of a row.</param>
    /// <param name="rowsTogether">Rows that a change needs together.</param>
    /// <param name="elementBytes">Bytes of an element in the wider of the two dtypes.</param>
    public static long RowsOf(long rowLength, long rowsTogether, long elementBytes)
    {
        long rows = Math.Max(Bytes / elementBytes / Math.Max(rowLength, 1), 1);
        if (rows > RowsOfProduct)
            rows -= rows % RowsOfProduct;
        return Math.Max(rows / rowsTogether, 1) * rowsTogether;
    }
}
