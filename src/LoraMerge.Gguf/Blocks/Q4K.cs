using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>Q4_K: 256 numbers of 4 bits; eight scales and minima of 6 bits; x = d·sc·q − dmin·mn.</summary>
/// <remarks>d, dmin, 12 bytes of scales and minima, 128 of numbers: each 32 hold 64 elements, the first 32 below, the next above.</remarks>
internal static class Q4K
{
    private const int Elements = SuperBlock.Elements;
    private const int Bytes = 144;
    private const int Scales = 4;
    private const int Numbers = 16;

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            float d = Float16.Read(blocks);
            float dmin = Float16.Read(blocks[2..]);
            for (int j = 0; j < 8; j++)
            {
                (int scale, int minimum) = SixBitScales.Read(blocks.Slice(Scales, SixBitScales.Length), j);
                float step = d * scale;
                float low = dmin * minimum;
                ReadOnlySpan<byte> q = blocks.Slice(Numbers + (j / 2 * 32), 32);
                Span<float> x = values.Slice(j * 32, 32);
                int shift = j % 2 * 4;
                for (int i = 0; i < 32; i++)
                    x[i] = (step * ((q[i] >> shift) & 15)) - low;
            }
        }
    }

    [SkipLocalsInit]
    public static void Quantise(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        Span<byte> numbers = stackalloc byte[Elements];
        for (; values.Length > 0; values = values[Elements..], blocks = blocks[Bytes..])
        {
            SuperBlock.Quantise(values[..Elements], blocks, levels: 15, offset: -1, lastGrid: 20, numbers);
            for (int j = 0; j < 4; j++)
            {
                var below = Vector256.Create<byte>(numbers[(64 * j)..]);
                var above = Vector256.Create<byte>(numbers[((64 * j) + 32)..]);
                (below | (above << 4)).CopyTo(blocks[(Numbers + (32 * j))..]);
            }
        }
    }
}
