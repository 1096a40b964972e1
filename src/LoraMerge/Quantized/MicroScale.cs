namespace LoraMerge.Quantized;

/// <summary>Exponents of the microscaling formats, OCP's rule: that of the largest magnitude, less that of the largest code.</summary>
internal static class MicroScale
{
    /// <summary>6 is 1.5·2².</summary>
    private const int LargestExponent = 2;

    /// <returns>The scale that is stored.</returns>
    public static double Store(Span<byte> exponents, long index, double largest)
    {
        int exponent = largest == 0 ? 0 : Math.ILogB(largest) - LargestExponent;
        exponents[(int)index] = (byte)Math.Clamp(exponent + 127, 0, 254);
        return Numbers.E8M0[exponents[(int)index]];
    }
}
