namespace LoraMerge.Deltas;

/// <summary>How much of a tensor is worked on at a time where something has to be made of it first.</summary>
internal static class PieceSize
{
    /// <summary>8 MB of float64, which stay in the processor's cache while they are squared and summed.</summary>
    public const long Elements = 1 << 20;
}
