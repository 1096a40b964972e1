using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>Q6_K: 256 numbers of 6 bits; sixteen scales of 8 bits; x = d·sc·(q − 32).</summary>
/// <remarks>
/// Per 128 elements, l below 32: the lower four bits of elements l, l + 32, l + 64, l + 96 are the low half of byte l, the low half of l + 32, the
/// high half of l, the high half of l + 32; the upper two of all four are byte l of the 64 upper ones, lowest first. 128 bytes lower, 64 upper, 16 of
/// scales, d. Quantised as llama.cpp counts: with D the scale of largest magnitude that <see cref="ScaleSearch"/> finds, d = −D/128 as float16; sc =
/// −128·s/D, nearest, at most 127; then all numbers anew with what was stored: q = x / (d·sc), nearest. Where d·sc is 0 they stay those of the search.
/// </remarks>
internal static class Q6K
{
    private const int Elements = 256;
    private const int Bytes = 210;
    private const int High = 128;
    private const int Scales = 192;
    private const int D = 208;
    private const float Smallest = 1e-15f; // below, all is zero

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            float d = Float16.Read(blocks[D..]);
            for (int j = 0; j < 16; j++) // of 16 elements
            {
                float step = d * (sbyte)blocks[Scales + j];
                int quarter = j % 8 / 2;
                Vector128<byte> low = Vector128.Create(blocks[((j / 8 * 64) + (quarter % 2 * 32) + (j % 2 * 16))..]) >> (quarter / 2 * 4);
                Vector128<byte> high = Vector128.Create(blocks[(High + (j / 8 * 32) + (j % 2 * 16))..]) >> (2 * quarter);
                Vector128<byte> numbers = (low & Vector128.Create((byte)15)) | ((high & Vector128.Create((byte)3)) << 4);
                Lanes.Write(numbers.AsSByte() - Vector128.Create((sbyte)32), step, values[(16 * j)..]);
            }
        }
    }

    [SkipLocalsInit]
    public static void Quantise(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        Span<byte> numbers = stackalloc byte[Elements];
        Span<float> scales = stackalloc float[16];
        Span<float> grids = stackalloc float[16];
        for (; values.Length > 0; values = values[Elements..], blocks = blocks[Bytes..])
        {
            ScaleSearch.Find(values[..Elements], scales, grids);
            float largest = 0;
            foreach (float scale in scales)
            {
                if (!float.IsFinite(scale))
                    throw new OverflowException("Values are too large for Q6_K, whose largest are about 2.6e8.");
                largest = MathF.Abs(scale) > MathF.Abs(largest) ? scale : largest;
            }

            if (MathF.Abs(largest) < Smallest)
            {
                blocks[..Bytes].Clear();
                continue;
            }

            float inverse = -128 / largest;
            float d = Float16.Write(blocks[D..], 1 / inverse);
            for (int j = 0; j < 16; j++)
            {
                int scale = Math.Min(127, Lanes.Round(inverse * scales[j]));
                blocks[Scales + j] = (byte)scale;
                if (d * scale == 0)
                    Keep(values.Slice(16 * j, 16), grids[j], numbers[(16 * j)..]);
                else
                    Round(values.Slice(16 * j, 16), d * scale, numbers[(16 * j)..]);
            }

            Pack(numbers, blocks);
            Pack(numbers[128..], blocks[64..], blocks[(High + 32)..]);
        }
    }

    /// <summary>The numbers that the search found, for a sub-block whose scale was rounded to 0.</summary>
    private static void Keep(ReadOnlySpan<float> x, float grid, Span<byte> numbers)
    {
        for (int i = 0; i < 16; i++)
            numbers[i] = (byte)(grid == 0 ? 0 : Math.Clamp(Lanes.Round(grid * x[i]), -32, 31) + 32);
    }

    private static void Round(ReadOnlySpan<float> x, float scale, Span<byte> numbers)
    {
        Vector256<int> a = Eight(x);
        Vector256<int> b = Eight(x[8..]);
        Vector256<short> shorts = Vector256.Narrow(a, b);
        Vector128.Narrow(shorts.GetLower(), shorts.GetUpper()).AsByte().CopyTo(numbers);

        Vector256<int> Eight(ReadOnlySpan<float> x) =>
            Vector256.ConvertToInt32Native(Lanes.Clamp(Lanes.Round(Vector256.Create(x) / Vector256.Create(scale)), -32, 31)) + Vector256.Create(32);
    }

    private static void Pack(ReadOnlySpan<byte> numbers, Span<byte> block) => Pack(numbers, block, block[High..]);

    private static void Pack(ReadOnlySpan<byte> numbers, Span<byte> low, Span<byte> high)
    {
        var four = Vector256.Create((byte)15);
        var a = Vector256.Create(numbers);
        var b = Vector256.Create(numbers[32..]);
        var c = Vector256.Create(numbers[64..]);
        var e = Vector256.Create(numbers[96..]);
        ((a & four) | (c << 4)).CopyTo(low);
        ((b & four) | (e << 4)).CopyTo(low[32..]);
        ((a >> 4) | ((b >> 4) << 2) | ((c >> 4) << 4) | ((e >> 4) << 6)).CopyTo(high);
    }
}
