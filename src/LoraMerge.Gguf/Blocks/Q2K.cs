using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>Q2_K: 256 numbers of 2 bits; sixteen scales and minima of 4 bits; x = d·sc·q − dmin·mn.</summary>
/// <remarks>
/// 16 bytes of scales (below) and minima (above), 64 of numbers, d and dmin. Of each 32 bytes of numbers, the lowest two bits are the first 32
/// elements.
/// </remarks>
internal static class Q2K
{
    private const int Elements = 256;
    private const int Bytes = 84;

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            ReadOnlySpan<byte> q = blocks.Slice(16, 64);
            float d = Float16.Read(blocks[80..]);
            float dmin = Float16.Read(blocks[82..]);
            for (int group = 0; group < 16; group++) // of 16 elements
            {
                float scale = d * (blocks[group] & 15);
                float minimum = dmin * (blocks[group] >> 4);
                int first = (group / 8 * 32) + (group % 2 * 16);
                int shift = group % 8 / 2 * 2;
                Vector128<byte> numbers = (Vector128.Create(q[first..]) >> shift) & Vector128.Create((byte)3);
                Lanes.Write(numbers.AsSByte(), scale, minimum, values[(16 * group)..]);
            }
        }
    }
}
