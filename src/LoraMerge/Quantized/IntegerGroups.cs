using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>Scales and zero points of whole numbers, stored from 0 to 2^bits - 1.</summary>
/// <param name="Bits">Of a number.</param>
/// <param name="Middle">The zero point where there are none, 2^(bits - 1); null where each group has its own.</param>
/// <param name="LeastZero">The least zero point that can be stored.</param>
internal readonly record struct IntegerGroups(int Bits, int? Middle, int LeastZero)
{
    private int Most => (1 << Bits) - 1;

    /// <summary>
    /// With one zero point for all: scale = 2·largest / (2^bits - 1). Else scale = (most - least) / (2^bits - 1), zero among the values, as GPTQ's
    /// <c>find_params</c>. Where that zero point cannot be stored, as 0 of values that are none below zero, the least that can be is taken and the steps
    /// are so much longer that the largest value still has a number: no value is cut off.
    /// </summary>
    /// <returns>The scale as it is stored, and the zero point.</returns>
    public (double Scale, int Zero) Store(DType dtype, Span<byte> scales, long index, ReadOnlySpan<float> values)
    {
        double most = 0, least = 0;
        foreach (float value in values)
            (most, least) = (Math.Max(most, value), Math.Min(least, value));
        bool isZero = most == least;
        if (Middle is int middle)
            return (Rounding.Store(dtype, scales, index, isZero ? 1 : 2 * Math.Max(most, -least) / Most), middle);
        double scale = Rounding.Store(dtype, scales, index, isZero ? 1 : (most - least) / Most);
        double zero = scale == 0 ? LeastZero : Math.Round(-least / scale);
        if (zero >= LeastZero)
            return (scale, (int)Math.Min(zero, Most));
        return (Rounding.Store(dtype, scales, index, isZero ? 1 : most / (Most - LeastZero)), LeastZero);
    }

    /// <summary>The nearest number.</summary>
    public int Of(float value, double scale, int zero) => scale == 0 ? zero : (int)Math.Clamp(Math.Round(value / scale) + zero, 0, Most);
}
