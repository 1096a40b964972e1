using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>What Q5_0 and Q5_1 share: four bytes of fifth bits (bit j is element j's), then 16 bytes of the lower four, as in Q4_0.</summary>
internal static class FifthBits
{
    public static void Write(Vector256<byte> q, Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (q << 3).ExtractMostSignificantBits());
        Vector256<byte> low = q & Vector256.Create((byte)15);
        (low.GetLower() | (low.GetUpper() << 4)).CopyTo(bytes[4..]);
    }

    /// <summary>The number of an element of the lower half, and that of the one 16 behind it.</summary>
    public static (int First, int Second) Read(ReadOnlySpan<byte> bytes, uint high, int element)
    {
        int pair = bytes[4 + element];
        return ((pair & 15) | (int)(((high >> element) & 1) << 4), (pair >> 4) | (int)(((high >> (element + 16)) & 1) << 4));
    }
}
