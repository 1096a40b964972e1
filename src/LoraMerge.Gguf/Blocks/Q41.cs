using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>Q4_1: 32 numbers of 4 bits with a scale and a minimum; x = d·q + m. Byte j holds element j below and element j + 16 above.</summary>
/// <remarks>d = (max − min) / 15; m = min; q = min(15, ⌊(x − m)/d + 0.5⌋). As llama.cpp counts.</remarks>
internal static class Q41
{
    private const int Elements = 32;
    private const int Bytes = 20;

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            float d = Float16.Read(blocks);
            float m = Float16.Read(blocks[2..]);
            for (int i = 0; i < Elements / 2; i++)
            {
                int pair = blocks[4 + i];
                values[i] = (d * (pair & 15)) + m;
                values[i + 16] = (d * (pair >> 4)) + m;
            }
        }
    }

    public static void Quantise(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        for (; values.Length > 0; values = values[Elements..], blocks = blocks[Bytes..])
        {
            Vector256<byte> q = Vector256.Min(MinimumAndScale.Quantise(values, 15, blocks), Vector256.Create((byte)15));
            (q.GetLower() | (q.GetUpper() << 4)).CopyTo(blocks[4..]);
        }
    }
}
