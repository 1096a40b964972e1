namespace LoraMerge.Combinations;

/// <summary>What combining holds beside the buffers of a merge, which are row blocks; decompositions and elections cannot be cut into rows.</summary>
internal static class CombinationMemory
{
    // A way that needs whole products of n adapters, with elements of e bytes, holds for each element of the weight n·e for the products,
    // and 10·e + 40 cover what comes and goes: indices and magnitudes while pruning, then the matrices and the work space of the SVD.
    private const long MatricesBeside = 10;

    private const long BytesBeside = 40;

    /// <summary>An upper bound for a weight and a way that needs whole products.</summary>
    public static long BytesOf(long elementCount, int adapterCount, long elementBytes) =>
        checked(elementCount * (((adapterCount + MatricesBeside) * elementBytes) + BytesBeside));
}
