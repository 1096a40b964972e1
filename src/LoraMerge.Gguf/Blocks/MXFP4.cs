namespace LoraMerge.Gguf.Blocks;

/// <summary>MXFP4: 32 floats of 4 bits (E2M1) with a power of two; x = 2^(e − 127)·f. 17 bytes, e first.</summary>
internal static class MXFP4
{
    private const int Elements = 32;
    private const int Bytes = 17;

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
            FourBits.Write(blocks.Slice(1, 16), FourBits.TwiceE2M1, MathF.ScaleB(1, blocks[0] - 128), values);
    }
}
