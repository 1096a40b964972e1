namespace LoraMerge.Kinds.WaveFt;

/// <summary>One side of the spectrum of a weight: longer than the weight's by the filter's length less 2, and even.</summary>
/// <param name="Length">The side of the weight.</param>
/// <param name="FilterLength">Numbers of the filter.</param>
internal readonly record struct WaveletSide(long Length, long FilterLength)
{
    /// <summary>Numbers of the low filter, and of the high one.</summary>
    public long Half => (Length + FilterLength - 1) / 2;

    /// <summary>What is added to a place in the weight, so that the places are in the middle.</summary>
    public long Offset => ((2 * Half) - Length) / 2;
}
