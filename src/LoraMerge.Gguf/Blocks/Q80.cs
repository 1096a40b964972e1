using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>Q8_0: 32 whole numbers of 8 bits with one scale; x = d·q.</summary>
/// <remarks>d = max|x| / 127 in float32; q = x · (1/d), half way away from zero; then d is stored as float16. As llama.cpp counts.</remarks>
internal static class Q80
{
    private const int Elements = 32;
    private const int Bytes = 34;

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            float d = Float16.Read(blocks);
            ReadOnlySpan<sbyte> q = MemoryMarshal.Cast<byte, sbyte>(blocks[2..Bytes]);
            for (int i = 0; i < Elements; i++)
                values[i] = d * q[i];
        }
    }

    public static void Quantise(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        for (; values.Length > 0; values = values[Elements..], blocks = blocks[Bytes..])
        {
            var a = Vector256.Create(values);
            var b = Vector256.Create(values[8..]);
            var c = Vector256.Create(values[16..]);
            var e = Vector256.Create(values[24..]);
            float largest = Lanes.Largest(Vector256.MaxNative(
                Vector256.MaxNative(Vector256.Abs(a), Vector256.Abs(b)), Vector256.MaxNative(Vector256.Abs(c), Vector256.Abs(e))));
            float d = largest / 127;
            float inverse = d == 0 ? 0 : 1 / d;
            Float16.Write(blocks, d);
            Lanes.ToBytes(Round(a * inverse), Round(b * inverse), Round(c * inverse), Round(e * inverse)).CopyTo(blocks[2..]);
        }
    }

    /// <summary>The nearest whole numbers, half way away from zero. Adding a half first would round the number just below a half up.</summary>
    private static Vector256<float> Round(Vector256<float> values)
    {
        Vector256<float> whole = Vector256.Truncate(values);
        Vector256<float> isHalf = Vector256.GreaterThanOrEqual(Vector256.Abs(values - whole), Vector256.Create(0.5f));
        Vector256<float> one = Vector256<float>.One | (values & Vector256.Create(-0f));
        return whole + (isHalf & one);
    }
}
