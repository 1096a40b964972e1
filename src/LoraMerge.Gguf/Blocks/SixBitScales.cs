namespace LoraMerge.Gguf.Blocks;

/// <summary>What Q4_K and Q5_K share: eight scales and eight minima of 6 bits in 12 bytes.</summary>
/// <remarks>
/// The first four: byte j and byte 4 + j, low six bits. The last four: byte 4 + j, scale below and minimum above; their top two bits are the top two
/// of byte j − 4 and byte j.
/// </remarks>
internal static class SixBitScales
{
    public const int Length = 12;

    public static (int Scale, int Minimum) Read(ReadOnlySpan<byte> bytes, int index) => index < 4
        ? (bytes[index] & 63, bytes[index + 4] & 63)
        : ((bytes[index + 4] & 15) | (bytes[index - 4] >> 6 << 4), (bytes[index + 4] >> 4) | (bytes[index] >> 6 << 4));

    /// <summary>Writes all eight; each below 64.</summary>
    public static void Write(Span<byte> bytes, ReadOnlySpan<int> scales, ReadOnlySpan<int> minima)
    {
        for (int j = 0; j < 4; j++)
        {
            bytes[j] = (byte)(scales[j] | (scales[j + 4] >> 4 << 6));
            bytes[j + 4] = (byte)(minima[j] | (minima[j + 4] >> 4 << 6));
            bytes[j + 8] = (byte)((scales[j + 4] & 15) | ((minima[j + 4] & 15) << 4));
        }
    }
}
