namespace LoraMerge.Gguf.Blocks;

/// <summary>IQ4_NL: 32 numbers of 4 bits that stand for sixteen levels, unevenly spaced; x = d·level. 18 bytes, as Q4_0.</summary>
internal static class IQ4NL
{
    private const int Elements = 32;
    private const int Bytes = 18;

    /// <summary>Those of IQ4_NL and IQ4_XS.</summary>
    public static ReadOnlySpan<sbyte> Levels => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
            FourBits.Write(blocks.Slice(2, 16), Levels, Float16.Read(blocks), values);
    }
}
