using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>bfloat16: the upper half of a float32, the nearest, half way to the even one.</summary>
internal static class BF16
{
    private const int Lanes = 8;

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        ReadOnlySpan<ushort> halves = MemoryMarshal.Cast<byte, ushort>(blocks);
        int i = 0;
        for (; i <= halves.Length - Lanes; i += Lanes)
        {
            (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(Vector128.Create(halves[i..]));
            (Vector256.Create(low, high) << 16).AsSingle().CopyTo(values[i..]);
        }

        for (; i < halves.Length; i++)
            values[i] = BitConverter.UInt32BitsToSingle((uint)halves[i] << 16);
    }

    public static void Quantise(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        Span<ushort> halves = MemoryMarshal.Cast<byte, ushort>(blocks);
        uint largest = 0;
        int i = 0;
        Vector256<uint> largestLanes = default;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            Vector256<uint> bits = Vector256.Create(values[i..]).AsUInt32();
            Vector256<uint> narrowed = (bits + Vector256.Create(0x7FFFu) + ((bits >> 16) & Vector256<uint>.One)) >> 16;
            largestLanes = Vector256.Max(largestLanes, narrowed & Vector256.Create(0x7FFFu));
            Vector128.Narrow(narrowed.GetLower(), narrowed.GetUpper()).CopyTo(halves[i..]);
        }

        for (int lane = 0; lane < Lanes; lane++)
            largest = Math.Max(largest, largestLanes[lane]);
        for (; i < values.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(values[i]);
            halves[i] = (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
            largest = Math.Max(largest, halves[i] & 0x7FFFu);
        }

        if (largest >= 0x7F80)
            throw new OverflowException("A value is too large for bfloat16, whose largest is 3.39e38.");
    }
}
