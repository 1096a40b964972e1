using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>The numbers that quantised weights consist of: tables of small floats, and scales as they are stored.</summary>
internal static class Numbers
{
    /// <summary>dtypes that scales have; exponents (E8M0) are powers of two.</summary>
    public static readonly DType[] ScaleTypes = [DType.F32, DType.BF16, DType.F16, DType.F64, DType.F8_E4M3, DType.F8_E8M0];

    /// <summary>FP4 of the microscaling formats: 2 bits of exponent, 1 of mantissa, the highest bit the sign.</summary>
    public static readonly double[] E2M1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6];

    public static readonly double[] E4M3 = [.. Enumerable.Range(0, 256).Select(OfE4M3)];

    public static readonly double[] E5M2 = [.. Enumerable.Range(0, 256).Select(code => (double)BitConverter.UInt16BitsToHalf((ushort)(code << 8)))];

    /// <summary>2^(code - 127); the last is no number.</summary>
    public static readonly double[] E8M0 = [.. Enumerable.Range(0, 256).Select(code => code == 255 ? double.NaN : Math.ScaleB(1, code - 127))];

    public static readonly double[] Signed = [.. Enumerable.Range(0, 256).Select(code => (double)(sbyte)code)];

    /// <summary>A number as float32 or float64, rounded to nearest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T As<T>(double value)
        where T : unmanaged => typeof(T) == typeof(float) ? Unsafe.BitCast<float, T>((float)value) : Unsafe.BitCast<double, T>(value);

    /// <summary>All scales of a part.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111, LORA2103.</exception>
    public static double[] Scales(TensorFiles files, StoredTensor part, bool areExponents = false)
    {
        double[] scales = new double[part.ElementCount];
        Scales(files, part, 0, scales, areExponents);
        return scales;
    }

    /// <summary>Some scales of a part, each of them finite.</summary>
    /// <param name="files">Reads them.</param>
    /// <param name="part">The part.</param>
    /// <param name="first">Number of the first.</param>
    /// <param name="destination">As many as it holds.</param>
    /// <param name="areExponents">Whether its bytes are exponents.</param>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111, LORA2103.</exception>
    public static void Scales(TensorFiles files, StoredTensor part, long first, Span<double> destination, bool areExponents = false)
    {
        int size = part.DType.BitsPerElement() / 8;
        Span<byte> piece = new byte[Math.Min(destination.Length, 1 << 15) * size];
        for (int done = 0; done < destination.Length; done += piece.Length / size)
        {
            int count = Math.Min(piece.Length / size, destination.Length - done);
            part.ReadInto(files, first + done, piece[..(count * size)]);
            Span<double> into = destination.Slice(done, count);
            Widen(part.DType, piece, into, areExponents);
            for (int i = 0; i < count; i++)
            {
                if (!double.IsFinite(into[i]))
                    throw QuantizedErrors.ScaleNotFinite(part, first + done + i, into[i]);
            }
        }
    }

    /// <summary>All whole numbers of a part of some thousands.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111.</exception>
    public static long[] Integers(TensorFiles files, StoredTensor part)
    {
        int size = part.DType.BitsPerElement() / 8;
        byte[] bytes = new byte[part.ByteLength];
        part.ReadInto(files, 0, bytes);
        long[] numbers = new long[part.ElementCount];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = size == 8 ? BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(i * 8)) : BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(i * 4));
        return numbers;
    }

    /// <summary>The group of each column, each of them there.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111, LORA2105.</exception>
    public static int[] Groups(TensorFiles files, StoredTensor part, long groups)
    {
        long[] numbers = Integers(files, part);
        for (int i = 0; i < numbers.Length; i++)
        {
            if (numbers[i] < 0 || numbers[i] >= groups)
                throw QuantizedErrors.GroupOutside(part, i, numbers[i], groups);
        }
        return [.. numbers.Select(number => (int)number)];
    }

    private static void Widen(DType dtype, ReadOnlySpan<byte> bytes, Span<double> into, bool areExponents)
    {
        int size = dtype.BitsPerElement() / 8;
        for (int i = 0; i < into.Length; i++)
        {
            into[i] = dtype switch
            {
                DType.F8_E4M3 when !areExponents => E4M3[bytes[i]],
                DType.F8_E8M0 or DType.U8 => E8M0[bytes[i]],
                _ => StoredFloat.Read(dtype, bytes[(i * size)..]),
            };
        }
    }

    /// <summary>OCP's 8-bit float without infinities: all ones is no number.</summary>
    private static double OfE4M3(int code)
    {
        int exponent = (code >> 3) & 15, mantissa = code & 7;
        double magnitude = exponent == 15 && mantissa == 7 ? double.NaN
            : exponent == 0 ? Math.ScaleB(mantissa, -9)
            : Math.ScaleB(8 + mantissa, exponent - 10);
        return code >= 128 ? -magnitude : magnitude;
    }
}
