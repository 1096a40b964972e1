using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>float16: the nearest, half way to the even one.</summary>
internal static class F16
{
    private const uint Infinity = 0x7F80_0000;
    private const uint FirstNormal = 113u << 23; // 2^-14, the smallest normal float16
    private const uint TooLarge = 143u << 23; // 2^16
    private const int Lanes = 8;

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        ReadOnlySpan<ushort> halves = MemoryMarshal.Cast<byte, ushort>(blocks);
        int i = 0;
        for (; i <= halves.Length - Lanes; i += Lanes)
        {
            (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(Vector128.Create(halves[i..]));
            Widen(Vector256.Create(low, high)).CopyTo(values[i..]);
        }

        for (; i < halves.Length; i++)
            values[i] = (float)BitConverter.UInt16BitsToHalf(halves[i]);
    }

    public static void Quantise(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        Span<ushort> halves = MemoryMarshal.Cast<byte, ushort>(blocks);
        uint largest = 0;
        int i = 0;
        Vector256<uint> largestLanes = default;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            Vector256<uint> narrowed = Narrow(Vector256.Create(values[i..]).AsUInt32());
            largestLanes = Vector256.Max(largestLanes, narrowed & Vector256.Create(0x7FFFu));
            Vector128.Narrow(narrowed.GetLower(), narrowed.GetUpper()).CopyTo(halves[i..]);
        }

        for (int lane = 0; lane < Lanes; lane++)
            largest = Math.Max(largest, largestLanes[lane]);
        for (; i < values.Length; i++)
        {
            halves[i] = BitConverter.HalfToUInt16Bits((Half)values[i]);
            largest = Math.Max(largest, halves[i] & 0x7FFFu);
        }

        if (largest >= 0x7C00)
            throw new OverflowException("A value is too large for float16, whose largest is 65504.");
    }

    private static Vector256<float> Widen(Vector256<uint> halves)
    {
        // Exponent and fraction moved to their places are the value times 2^-112, also below the smallest normal one.
        Vector256<uint> magnitude = (halves & Vector256.Create(0x7FFFu)) << 13;
        Vector256<uint> scaled = (magnitude.AsSingle() * BitConverter.UInt32BitsToSingle((127u + 112) << 23)).AsUInt32();
        Vector256<uint> notFinite = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(0x7C00u << 13));
        scaled |= notFinite & Vector256.Create(Infinity);
        return (scaled | ((halves & Vector256.Create(0x8000u)) << 16)).AsSingle();
    }

    private static Vector256<uint> Narrow(Vector256<uint> bits)
    {
        Vector256<uint> magnitude = bits & Vector256.Create(0x7FFF_FFFFu);
        Vector256<uint> isOdd = (magnitude >> 13) & Vector256<uint>.One;
        Vector256<uint> normal = (magnitude - Vector256.Create((112u << 23) - 0xFFFu) + isOdd) >> 13;

        // Below the smallest normal one, float16 counts in 2^-24: the last bit of a float32 beside 0.5.
        Vector256<float> half = Vector256.Create(0.5f);
        Vector256<uint> subnormal = (magnitude.AsSingle() + half).AsUInt32() - half.AsUInt32();

        Vector256<uint> narrowed = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(FirstNormal)), subnormal, normal);
        narrowed = Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(TooLarge)), Vector256.Create(0x7C00u), narrowed);
        return narrowed | ((bits >> 16) & Vector256.Create(0x8000u));
    }
}
