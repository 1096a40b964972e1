namespace LoraMerge.Deltas;

/// <summary>The rows of a weight that arithmetic takes at once: always the same, however a tensor is cut into blocks.</summary>
/// <remarks>
/// A product of matrices rounds its last rows otherwise than the rows before them, and a sum depends on where its parts end. So deltas are shown groups that
/// are counted from the first row of the tensor and depend on nothing but what is done to it; a block, whose size memory decides, holds whole groups.
/// </remarks>
internal static class RowGroup
{
    /// <summary>
    /// 4 MB of float32: of less, the steps of a formula cost more than what they do; of more, it leaves the processor's caches between two steps.
    /// </summary>
    private const long Elements = 1 << 20;

    /// <summary>Products of fewer rows cost as much.</summary>
    private const long LeastRows = 16;

    /// <summary>Sixteen rows of more elements than this would take more memory than a merge may be held to.</summary>
    private const long LongestRow = 1 << 17;

    /// <summary>Rows of a group; the last one of a tensor may have fewer.</summary>
    /// <param name="rowLength">Elements of a row.</param>
    /// <param name="rowsTogether">Rows that a change needs together.</param>
    public static long RowsOf(long rowLength, long rowsTogether)
    {
        long rows = rowLength > LongestRow ? 1 : Math.Max(Elements / Math.Max(rowLength, 1) / LeastRows * LeastRows, LeastRows);
        return Math.Max(rows / rowsTogether, 1) * rowsTogether;
    }
}
