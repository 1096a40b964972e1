namespace LoraMerge.Gguf.Blocks;

/// <summary>TQ1_0: 256 numbers of −1, 0, 1 with one scale. 54 bytes.</summary>
/// <remarks>
/// 48 bytes of five numbers each, 4 of four, d. A byte is a fraction in base 3, in 256ths: times 3, its whole part is the first number + 1, and so on.
/// The first numbers of 32 bytes come first, then their second ones; then those of the 16 after them, then those of the last four.
/// </remarks>
internal static class TQ10
{
    private const int Elements = 256;
    private const int Bytes = 54;

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            float d = Float16.Read(blocks[52..]);
            Write(blocks[..32], 5, d, values);
            Write(blocks.Slice(32, 16), 5, d, values[160..]);
            Write(blocks.Slice(48, 4), 4, d, values[240..]);
        }
    }

    private static void Write(ReadOnlySpan<byte> bytes, int count, float d, Span<float> values)
    {
        int power = 1;
        for (int n = 0; n < count; n++, power *= 3)
        {
            for (int i = 0; i < bytes.Length; i++)
                values[(n * bytes.Length) + i] = d * (((byte)(bytes[i] * power) * 3 >> 8) - 1);
        }
    }
}
