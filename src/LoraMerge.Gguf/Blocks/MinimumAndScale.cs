using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>What Q4_1 and Q5_1 share: 32 numbers counted from their minimum.</summary>
internal static class MinimumAndScale
{
    /// <summary>Writes scale and minimum to the first four bytes of the block, and gives the numbers.</summary>
    /// <param name="values">At least 32.</param>
    /// <param name="steps">The largest number.</param>
    /// <param name="block">Of the type.</param>
    public static Vector256<byte> Quantise(ReadOnlySpan<float> values, int steps, Span<byte> block)
    {
        var a = Vector256.Create(values);
        var b = Vector256.Create(values[8..]);
        var c = Vector256.Create(values[16..]);
        var e = Vector256.Create(values[24..]);
        float minimum = Lanes.Smallest(Vector256.MinNative(Vector256.MinNative(a, b), Vector256.MinNative(c, e)));
        float maximum = Lanes.Largest(Vector256.MaxNative(Vector256.MaxNative(a, b), Vector256.MaxNative(c, e)));
        float d = (maximum - minimum) / steps;
        float inverse = d == 0 ? 0 : 1 / d;
        Float16.Write(block, d);
        Float16.Write(block[2..], minimum);
        return Lanes.ToBytes(Shift(a), Shift(b), Shift(c), Shift(e));

        Vector256<float> Shift(Vector256<float> x) => ((x - Vector256.Create(minimum)) * inverse) + Vector256.Create(0.5f);
    }
}
