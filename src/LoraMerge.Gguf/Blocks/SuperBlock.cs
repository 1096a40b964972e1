using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>What Q4_K and Q5_K share: a block of 256 elements in eight sub-blocks, from their values to scales, minima and numbers.</summary>
/// <remarks>
/// d = max s / 63, dmin = max(−lo) / 63 as float16; sc = 63·s / max s, mn = 63·(−lo) / max(−lo), nearest, at most 63; then all numbers anew with what
/// was stored: q = (x + dmin·mn) / (d·sc), nearest. Where d·sc is 0 they stay those of the search. As llama.cpp counts.
/// </remarks>
internal static unsafe class SuperBlock
{
    public const int Elements = 256;

    /// <param name="values">256.</param>
    /// <param name="block">Its first 16 bytes are written: d, dmin and the twelve of scales and minima.</param>
    /// <param name="levels">The largest number: 15 or 31.</param>
    /// <param name="offset">What the first grid of the search has more than the levels.</param>
    /// <param name="lastGrid">The last grid of the search.</param>
    /// <param name="numbers">256.</param>
    [SkipLocalsInit]
    public static void Quantise(ReadOnlySpan<float> values, Span<byte> block, int levels, float offset, int lastGrid, Span<byte> numbers)
    {
        Vector256<float>* memory = stackalloc Vector256<float>[ScaleAndMinimumSearch.MemoryLength];
        var search = new ScaleAndMinimumSearch(memory, values, levels);
        search.Find(offset, lastGrid, out Vector256<float> scales, out Vector256<float> minima);

        float largestScale = MathF.Max(0, Lanes.Largest(scales));
        float largestMinimum = MathF.Max(0, Lanes.Largest(minima));
        float inverseScale = largestScale > 0 ? 63 / largestScale : 0;
        float inverseMinimum = largestMinimum > 0 ? 63 / largestMinimum : 0;
        Span<int> sc = stackalloc int[ScaleAndMinimumSearch.SubBlocks];
        Span<int> mn = stackalloc int[ScaleAndMinimumSearch.SubBlocks];
        for (int j = 0; j < ScaleAndMinimumSearch.SubBlocks; j++)
        {
            sc[j] = SixBits(inverseScale * scales[j]);
            mn[j] = SixBits(inverseMinimum * minima[j]);
        }

        float d = Float16.Write(block, largestScale / 63);
        float dmin = Float16.Write(block[2..], largestMinimum / 63);
        SixBitScales.Write(block.Slice(4, SixBitScales.Length), sc, mn);
        for (int j = 0; j < ScaleAndMinimumSearch.SubBlocks; j++)
        {
            if (d * sc[j] == 0)
                search.CopyNumbers(j, numbers[(32 * j)..]);
            else
                Round(values.Slice(32 * j, 32), d * sc[j], dmin * mn[j], levels).CopyTo(numbers[(32 * j)..]);
        }
    }

    /// <summary>
    /// Of a scale or minimum over the largest one. A negative one, which the search can find for a scale, wraps in llama.cpp's byte and then is cut.
    /// </summary>
    private static int SixBits(float value) => Math.Min(63, (int)(byte)Lanes.Round(value));

    private static Vector256<byte> Round(ReadOnlySpan<float> x, float scale, float minimum, int levels)
    {
        return Lanes.ToBytes(Eight(x), Eight(x[8..]), Eight(x[16..]), Eight(x[24..]));

        Vector256<float> Eight(ReadOnlySpan<float> x) =>
            Lanes.Clamp(Lanes.Round((Vector256.Create(x) + Vector256.Create(minimum)) / Vector256.Create(scale)), 0, levels);
    }
}
