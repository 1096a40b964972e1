using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>Q3_K: 256 numbers of 3 bits, sixteen scales of 6 bits; x = d·(sc − 32)·(q − 4).</summary>
/// <remarks>
/// 32 bytes of third bits, 64 of lower two as in Q2_K, 12 of scales, d. Bit k of byte j of the third bits belongs to element 32k + j.
/// Scales: four bits each in the first eight bytes, the lower ones first; the upper two in the last four, byte s mod 4, bits 2·(s div 4).
/// </remarks>
internal static class Q3K
{
    private const int Elements = 256;
    private const int Bytes = 110;

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            ReadOnlySpan<byte> high = blocks[..32];
            ReadOnlySpan<byte> q = blocks.Slice(32, 64);
            ReadOnlySpan<byte> scales = blocks.Slice(96, 12);
            float d = Float16.Read(blocks[108..]);
            for (int group = 0; group < 16; group++) // of 16 elements
            {
                int low = group < 8 ? scales[group] & 15 : scales[group - 8] >> 4;
                int scale = low | (((scales[8 + (group % 4)] >> (group / 4 * 2)) & 3) << 4);
                float step = d * (scale - 32);
                int first = (group / 8 * 32) + (group % 2 * 16);
                int shift = group % 8 / 2 * 2;
                Vector128<byte> third = (Vector128.Create(high[(group % 2 * 16)..]) >> (group / 2)) & Vector128<byte>.One;
                Vector128<byte> numbers = ((Vector128.Create(q[first..]) >> shift) & Vector128.Create((byte)3)) | (third << 2);
                Lanes.Write(numbers.AsSByte() - Vector128.Create((sbyte)4), step, values[(16 * group)..]);
            }
        }
    }
}
