using System.Buffers.Binary;

namespace LoraMerge.Gguf.Blocks;

/// <summary>IQ4_XS: 256 numbers of 4 bits that stand for the levels of IQ4_NL; eight scales of 6 bits; x = d·(sc − 32)·level. 136 bytes.</summary>
/// <remarks>d, 16 bits of the scales' upper two, four bytes of their lower four, 128 bytes of numbers.</remarks>
internal static class IQ4XS
{
    private const int Elements = 256;
    private const int Bytes = 136;

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            float d = Float16.Read(blocks);
            int high = BinaryPrimitives.ReadUInt16LittleEndian(blocks[2..]);
            for (int j = 0; j < 8; j++)
            {
                int scale = ((blocks[4 + (j / 2)] >> (j % 2 * 4)) & 15) | (((high >> (2 * j)) & 3) << 4);
                FourBits.Write(blocks.Slice(8 + (16 * j), 16), IQ4NL.Levels, d * (scale - 32), values.Slice(32 * j, 32));
            }
        }
    }
}
