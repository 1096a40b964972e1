using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>Q5_K: 256 numbers of 5 bits; eight scales and minima of 6 bits; x = d·sc·q − dmin·mn.</summary>
/// <remarks>d, dmin, 12 bytes of scales and minima, 32 of fifth bits (byte j, bit k: element 32k + j), 128 of the lower four as in Q4_K.</remarks>
internal static class Q5K
{
    private const int Elements = SuperBlock.Elements;
    private const int Bytes = 176;
    private const int Scales = 4;
    private const int High = 16;
    private const int Low = 48;

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            float d = Float16.Read(blocks);
            float dmin = Float16.Read(blocks[2..]);
            ReadOnlySpan<byte> high = blocks.Slice(High, 32);
            for (int j = 0; j < 8; j++)
            {
                (int scale, int minimum) = SixBitScales.Read(blocks.Slice(Scales, SixBitScales.Length), j);
                float step = d * scale;
                float lowest = dmin * minimum;
                for (int i = 0; i < 32; i += 16)
                {
                    Vector128<byte> low = (Vector128.Create(blocks[(Low + (j / 2 * 32) + i)..]) >> (j % 2 * 4)) & Vector128.Create((byte)15);
                    Vector128<byte> fifth = (Vector128.Create(high[i..]) >> j) & Vector128<byte>.One;
                    Lanes.Write((low | (fifth << 4)).AsSByte(), step, lowest, values[((32 * j) + i)..]);
                }
            }
        }
    }

    [SkipLocalsInit]
    public static void Quantise(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        Span<byte> numbers = stackalloc byte[Elements];
        for (; values.Length > 0; values = values[Elements..], blocks = blocks[Bytes..])
        {
            SuperBlock.Quantise(values[..Elements], blocks, levels: 31, offset: -0.5f, lastGrid: 15, numbers);
            Vector256<byte> high = default;
            var four = Vector256.Create((byte)15);
            for (int j = 0; j < 4; j++)
            {
                var first = Vector256.Create<byte>(numbers[(64 * j)..]);
                var second = Vector256.Create<byte>(numbers[((64 * j) + 32)..]);
                high |= ((first >> 4) << (2 * j)) | ((second >> 4) << ((2 * j) + 1));
                ((first & four) | (second << 4)).CopyTo(blocks[(Low + (32 * j))..]);
            }

            high.CopyTo(blocks[High..]);
        }
    }
}
