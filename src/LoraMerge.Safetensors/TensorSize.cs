using System.Globalization;
using System.Text;

namespace LoraMerge.Safetensors;

/// <summary>How many bytes a tensor takes, for shapes that nobody has checked yet.</summary>
internal static class TensorSize
{
    /// <summary>Computes the byte length, or says in words why there is none.</summary>
    /// <returns>Null when <paramref name="byteLength"/> holds.</returns>
    public static string? Measure(DType dtype, ReadOnlySpan<long> shape, out long byteLength)
    {
        byteLength = 0;
        long bitLength = 1;
        foreach (long dimension in shape)
        {
            if (dimension < 0)
                return $"its shape {ShapeText(shape)} has a negative dimension";

            // Left to right, so that [0, huge, huge] is fine and [huge, huge, 0] is not: the reference decides the same way.
            if (Overflows(ref bitLength, dimension))
                return $"its shape {ShapeText(shape)} has more elements than 64 bits can count";
        }

        if (Overflows(ref bitLength, dtype.BitsPerElement()))
            return $"its shape {ShapeText(shape)} of {dtype.HeaderName()} has more bits than 64 bits can count";
        if (bitLength % 8 != 0)
            return $"its shape {ShapeText(shape)} of {dtype.HeaderName()} comes to {bitLength} bits, which are no whole bytes";

        byteLength = bitLength / 8;
        return null;
    }

    public static string ShapeText(ReadOnlySpan<long> shape)
    {
        const int longestPrinted = 16; // of a legal tensor; more is an attack, and would make the message as long as the header
        var text = new StringBuilder("[");
        for (int i = 0; i < shape.Length; i++)
        {
            if (i > 0)
                text.Append(", ");
            if (i == longestPrinted)
                return text.Append(CultureInfo.InvariantCulture, $"... {shape.Length} dimensions]").ToString();
            text.Append(CultureInfo.InvariantCulture, $"{shape[i]}");
        }

        return text.Append(']').ToString();
    }

    private static bool Overflows(ref long product, long factor)
    {
        long high = Math.BigMul(product, factor, out long low);
        product = low;
        return high != 0 || low < 0;
    }
}
