namespace LoraMerge.Gguf.Blocks;

/// <summary>
/// What IQ4_NL, IQ4_XS, MXFP4 and NVFP4 share: numbers of 4 bits choose one of sixteen levels. Byte j holds element j below, and above the one half a
/// group behind it.
/// </summary>
internal static class FourBits
{
    /// <summary>Twice the values of a float of 4 bits (E2M1).</summary>
    public static ReadOnlySpan<sbyte> TwiceE2M1 => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    public static void Write(ReadOnlySpan<byte> pairs, ReadOnlySpan<sbyte> levels, float scale, Span<float> values)
    {
        for (int i = 0; i < pairs.Length; i++)
        {
            values[i] = scale * levels[pairs[i] & 15];
            values[i + pairs.Length] = scale * levels[pairs[i] >> 4];
        }
    }
}
