using System.Buffers.Binary;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>The nearest number of small floats, ties to the even code; what is too large becomes the largest.</summary>
internal static class Rounding
{
    public const double LargestE4M3 = 448, LargestE2M1 = 6;

    private const byte LargestE4M3Code = 0x7E;

    public static byte ToE4M3(double value)
    {
        byte sign = double.IsNegative(value) ? (byte)0x80 : (byte)0;
        float magnitude = (float)Math.Abs(value);
        if (magnitude < 1f / 64)
            return (byte)(sign | (byte)MathF.Round(magnitude * 512, MidpointRounding.ToEven)); // subnormal, or the first that is not
        uint bits = BitConverter.SingleToUInt32Bits(magnitude);
        bits += 0x7FFFF + ((bits >> 20) & 1);
        int code = (((int)(bits >> 23) - 120) << 3) | (int)((bits >> 20) & 7);
        return (byte)(sign | Math.Min(code, LargestE4M3Code));
    }

    public static int ToE2M1(double value)
    {
        double magnitude = Math.Abs(value);
        int code = magnitude switch
        {
            <= 0.25 => 0,
            < 0.75 => 1,
            <= 1.25 => 2,
            < 1.75 => 3,
            <= 2.5 => 4,
            < 3.5 => 5,
            <= 5 => 6,
            _ => 7,
        };
        return double.IsNegative(value) ? code | 8 : code;
    }

    /// <summary>Stores a positive scale in its dtype.</summary>
    /// <param name="dtype">Bytes (U8) are exponents.</param>
    /// <param name="bytes">Where scales are stored.</param>
    /// <param name="index">Number of the scale.</param>
    /// <param name="scale">Of exponents, the next power of two above is stored.</param>
    /// <returns>What is stored.</returns>
    public static double Store(DType dtype, Span<byte> bytes, long index, double scale)
    {
        int at = checked((int)index);
        switch (dtype)
        {
            case DType.F32:
                float single = (float)Math.Min(scale, float.MaxValue);
                BinaryPrimitives.WriteSingleLittleEndian(bytes[(at * 4)..], single);
                return single;
            case DType.F64:
                BinaryPrimitives.WriteDoubleLittleEndian(bytes[(at * 8)..], scale);
                return scale;
            case DType.F16:
                var half = (Half)Math.Min(scale, (double)Half.MaxValue);
                BinaryPrimitives.WriteHalfLittleEndian(bytes[(at * 2)..], half);
                return (double)half;
            case DType.BF16:
                uint bits = BitConverter.SingleToUInt32Bits((float)Math.Min(scale, float.MaxValue / 2));
                bits = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
                BinaryPrimitives.WriteUInt16LittleEndian(bytes[(at * 2)..], (ushort)bits);
                return StoredFloat.Read(dtype, bytes[(at * 2)..]);
            case DType.F8_E4M3:
                bytes[at] = ToE4M3(scale);
                return Numbers.E4M3[bytes[at]];
            default:
                bytes[at] = (byte)(Math.ILogB(PowerFrom(scale)) + 127);
                return Numbers.E8M0[bytes[at]];
        }
    }

    /// <summary>The least power of two that is no less, within those that an exponent (E8M0) can say; 1 for 0.</summary>
    public static double PowerFrom(double scale) => Math.ScaleB(1, Math.Clamp(scale > 0 ? (int)Math.Ceiling(Math.Log2(scale)) : 0, -127, 127));

    /// <summary>The largest magnitude.</summary>
    public static double Largest(ReadOnlySpan<float> values)
    {
        float largest = 0;
        foreach (float value in values)
            largest = Math.Max(largest, Math.Abs(value));
        return largest;
    }
}
