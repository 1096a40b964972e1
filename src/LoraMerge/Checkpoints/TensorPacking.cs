namespace LoraMerge.Checkpoints;

/// <summary>How the bytes of a file become the values of a tensor, where they do not lie there as they are read. Plain data.</summary>
/// <remarks>Read through it, the values follow one another from offset 0 on, so that a view of the tensor is a view of these.</remarks>
internal abstract record TensorPacking
{
    /// <summary>Fills <paramref name="destination"/> with values.</summary>
    /// <param name="read">Reads bytes of the file.</param>
    /// <param name="byteOffset">Where in the values to begin.</param>
    /// <param name="destination">Any number of bytes of values.</param>
    public abstract void ReadInto(StridedRead.ReadAt read, long byteOffset, Span<byte> destination);
}
