using System.Buffers.Binary;

namespace LoraMerge.Gguf.Blocks;

/// <summary>Q5_1: 32 numbers of 5 bits with a scale and a minimum; x = d·q + m.</summary>
/// <remarks>d = (max − min) / 31; m = min; q = ⌊(x − m)/d + 0.5⌋. As llama.cpp counts.</remarks>
internal static class Q51
{
    private const int Elements = 32;
    private const int Bytes = 24;

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            float d = Float16.Read(blocks);
            float m = Float16.Read(blocks[2..]);
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(blocks[4..]);
            for (int i = 0; i < Elements / 2; i++)
            {
                (int first, int second) = FifthBits.Read(blocks[4..], high, i);
                values[i] = (d * first) + m;
                values[i + 16] = (d * second) + m;
            }
        }
    }

    public static void Quantise(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        for (; values.Length > 0; values = values[Elements..], blocks = blocks[Bytes..])
            FifthBits.Write(MinimumAndScale.Quantise(values, 31, blocks), blocks[4..]);
    }
}
