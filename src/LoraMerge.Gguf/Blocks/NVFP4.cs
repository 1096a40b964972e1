namespace LoraMerge.Gguf.Blocks;

/// <summary>
/// NVFP4: 64 floats of 4 bits (E2M1); each 16 have a scale of 8 bits (4 of exponent, 3 of fraction, no sign); x = s·f. 36 bytes, the scales first.
/// </summary>
internal static class NVFP4
{
    private const int Elements = 64;
    private const int Bytes = 36;

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            for (int j = 0; j < 4; j++)
                FourBits.Write(blocks.Slice(4 + (8 * j), 8), FourBits.TwiceE2M1, HalfOfScale(blocks[j]), values.Slice(16 * j, 16));
        }
    }

    private static float HalfOfScale(byte bits)
    {
        if (bits == 0x7F) // not a number, which ggml takes for 0
            return 0;
        int exponent = (bits >> 3) & 15;
        int fraction = bits & 7;
        return exponent == 0 ? MathF.ScaleB(fraction, -10) : MathF.ScaleB(8 + fraction, exponent - 11);
    }
}
