using System.Buffers.Binary;

namespace LoraMerge.Gguf.Blocks;

/// <summary>IQ1_M: 256 numbers as 32 points of eight, of the codebook of IQ1_S. 56 bytes.</summary>
/// <remarks>
/// 32 bytes of indices, 16 of four bits a point (three upper ones of its index, one that says which way it is shifted), four times 16 bits of scales:
/// the upper four of each together are d, the lower twelve are four scales of three bits, each of 16 elements; x = d·(2·sc + 1)·(point ± 1/8).
/// </remarks>
internal static class IQ1M
{
    private const int Elements = 256;
    private const int Bytes = 56;

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        Span<ushort> scales = stackalloc ushort[4];
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            int bits = 0;
            for (int i = 0; i < 4; i++)
            {
                scales[i] = BinaryPrimitives.ReadUInt16LittleEndian(blocks[(48 + (2 * i))..]);
                bits |= scales[i] >> 12 << (4 * i);
            }

            float d = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            for (int i = 0; i < 32; i++)
            {
                int more = blocks[32 + (i / 2)] >> (i % 2 * 4);
                int scale = (scales[i / 8] >> (i % 8 / 2 * 3)) & 7;
                IQ1S.Write(blocks[i] | ((more & 7) << 8), d * ((2 * scale) + 1), (more & 8) != 0, values[(8 * i)..]);
            }
        }
    }
}
