using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using LoraMerge.Safetensors;

namespace LoraMerge.Merging;

/// <summary>Looks at the bits of elements: how many differ, and whether one is infinite or no number.</summary>
internal static class ElementStatistics
{
    /// <summary>Number of elements that differ between two blocks of one dtype.</summary>
    public static long CountDifferent(DType dtype, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after) => dtype.BitsPerElement() switch
    {
        16 => CountDifferent(MemoryMarshal.Cast<byte, ushort>(before), MemoryMarshal.Cast<byte, ushort>(after)),
        32 => CountDifferent(MemoryMarshal.Cast<byte, uint>(before), MemoryMarshal.Cast<byte, uint>(after)),
        _ => CountDifferent(MemoryMarshal.Cast<byte, ulong>(before), MemoryMarshal.Cast<byte, ulong>(after)),
    };

    /// <summary>Whether an element's exponent is all ones: infinity or NaN.</summary>
    public static bool HasNonFinite(DType dtype, ReadOnlySpan<byte> values) => dtype switch
    {
        DType.BF16 => HasAllBits(MemoryMarshal.Cast<byte, ushort>(values), (ushort)0x7F80),
        DType.F16 => HasAllBits(MemoryMarshal.Cast<byte, ushort>(values), (ushort)0x7C00),
        DType.F32 => HasAllBits(MemoryMarshal.Cast<byte, uint>(values), 0x7F80_0000u),
        DType.F64 => HasAllBits(MemoryMarshal.Cast<byte, ulong>(values), 0x7FF0_0000_0000_0000ul),
        _ => false,
    };

    /// <summary>The largest distance of two elements, in steps between neighbouring numbers of their dtype; 0 for dtypes without such steps.</summary>
    public static long LargestUlps(DType dtype, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        long largest = 0;
        int size = dtype.BitsPerElement() / 8;
        if (dtype is not (DType.F16 or DType.BF16 or DType.F32 or DType.F64))
            return 0;
        for (int i = 0; i < first.Length; i += size)
            largest = Math.Max(largest, Math.Abs(Ordinal(first.Slice(i, size)) - Ordinal(second.Slice(i, size))));
        return largest;
    }

    /// <summary>Numbers in the order of their values: negative ones count down from zero.</summary>
    private static long Ordinal(ReadOnlySpan<byte> element)
    {
        long bits = element.Length switch
        {
            2 => BinaryPrimitives.ReadInt16LittleEndian(element),
            4 => BinaryPrimitives.ReadInt32LittleEndian(element),
            _ => BinaryPrimitives.ReadInt64LittleEndian(element),
        };
        long magnitude = bits & (element.Length == 2 ? 0x7FFF : element.Length == 4 ? 0x7FFF_FFFF : long.MaxValue);
        return bits < 0 ? -magnitude : magnitude;
    }

    private static long CountDifferent<T>(ReadOnlySpan<T> before, ReadOnlySpan<T> after)
        where T : unmanaged, INumber<T>
    {
        long same = 0;
        int i = 0;
        // Each lane counts at most one per step, so a 16-bit lane is emptied before it can overflow.
        while (i + Vector<T>.Count <= before.Length)
        {
            int end = (int)Math.Min(before.Length, i + 30_000L * Vector<T>.Count);
            Vector<T> counts = Vector<T>.Zero;
            for (; i + Vector<T>.Count <= end; i += Vector<T>.Count)
                counts -= Vector.Equals(new Vector<T>(before[i..]), new Vector<T>(after[i..])); // a match is all ones, -1
            for (int lane = 0; lane < Vector<T>.Count; lane++)
                same += long.CreateTruncating(counts[lane]);
        }
        for (; i < before.Length; i++)
            same += before[i] == after[i] ? 1 : 0;
        return before.Length - same;
    }

    private static bool HasAllBits<T>(ReadOnlySpan<T> values, T mask)
        where T : unmanaged, IBinaryInteger<T>
    {
        var masks = new Vector<T>(mask);
        Vector<T> any = Vector<T>.Zero;
        int i = 0;
        for (; i + Vector<T>.Count <= values.Length; i += Vector<T>.Count)
            any |= Vector.Equals(new Vector<T>(values[i..]) & masks, masks);
        if (any != Vector<T>.Zero)
            return true;
        for (; i < values.Length; i++)
        {
            if ((values[i] & mask) == mask)
                return true;
        }
        return false;
    }
}
