using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>Steps that several types share, on eight values at once. No step is fused with another, so each lane counts as the plain formula does.</summary>
internal static class Lanes
{
    public const int Count = 8;

    /// <summary>The nearest whole numbers, half way to the even one; for magnitudes below 2^22.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Round(Vector256<float> values)
    {
        // Beside 1.5 * 2^23 the last bit counts ones.
        Vector256<float> large = Vector256.Create(12582912f);
        return (values + large) - large;
    }

    /// <summary>The same for one value.</summary>
    public static int Round(float value) => (int)((value + 12582912f) - 12582912f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Clamp(Vector256<float> values, float low, float high) =>
        Vector256.MaxNative(Vector256.Create(low), Vector256.MinNative(values, Vector256.Create(high)));

    /// <summary>Whole numbers of four vectors as 32 bytes, in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ToBytes(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d) => Vector256.Narrow(
        Vector256.Narrow(Vector256.ConvertToInt32Native(a), Vector256.ConvertToInt32Native(b)),
        Vector256.Narrow(Vector256.ConvertToInt32Native(c), Vector256.ConvertToInt32Native(d))).AsByte();

    /// <summary>Writes 16 numbers, each times the scale, less the minimum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(Vector128<sbyte> numbers, float scale, float minimum, Span<float> values)
    {
        (Vector128<short> low, Vector128<short> high) = Vector128.Widen(numbers);
        WriteEight(low, scale, minimum, values);
        WriteEight(high, scale, minimum, values[Count..]);
    }

    /// <summary>Writes 16 numbers, each times the scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(Vector128<sbyte> numbers, float scale, Span<float> values) => Write(numbers, scale, 0, values);

    /// <summary>The value of largest magnitude of 32; of several the first.</summary>
    public static float Extreme(ReadOnlySpan<float> values)
    {
        Vector256<float> a = Vector256.Abs(Vector256.Create(values));
        Vector256<float> b = Vector256.Abs(Vector256.Create(values[Count..]));
        Vector256<float> c = Vector256.Abs(Vector256.Create(values[(2 * Count)..]));
        Vector256<float> d = Vector256.Abs(Vector256.Create(values[(3 * Count)..]));
        var largest = Vector256.Create(Largest(Vector256.MaxNative(Vector256.MaxNative(a, b), Vector256.MaxNative(c, d))));
        uint places = Vector256.Equals(a, largest).ExtractMostSignificantBits()
            | (Vector256.Equals(b, largest).ExtractMostSignificantBits() << Count)
            | (Vector256.Equals(c, largest).ExtractMostSignificantBits() << (2 * Count))
            | (Vector256.Equals(d, largest).ExtractMostSignificantBits() << (3 * Count));
        return values[System.Numerics.BitOperations.TrailingZeroCount(places)];
    }

    public static float Largest(Vector256<float> values)
    {
        Vector128<float> four = Vector128.MaxNative(values.GetLower(), values.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3]));
    }

    public static float Smallest(Vector256<float> values) => -Largest(-values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteEight(Vector128<short> numbers, float scale, float minimum, Span<float> values)
    {
        (Vector128<int> low, Vector128<int> high) = Vector128.Widen(numbers);
        ((Vector256.ConvertToSingle(Vector256.Create(low, high)) * scale) - Vector256.Create(minimum)).CopyTo(values);
    }
}
