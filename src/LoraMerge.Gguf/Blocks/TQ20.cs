using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>TQ2_0: 256 numbers of two bits, −1 to 2, with one scale; x = d·(q − 1). 66 bytes, d last.</summary>
/// <remarks>The lowest two bits of 32 bytes are the first 32 elements.</remarks>
internal static class TQ20
{
    private const int Elements = 256;
    private const int Bytes = 66;

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            float d = Float16.Read(blocks[64..]);
            for (int i = 0; i < Elements; i += 16)
            {
                Vector128<byte> numbers = (Vector128.Create(blocks[((i / 128 * 32) + (i % 32))..]) >> (i % 128 / 32 * 2)) & Vector128.Create((byte)3);
                Lanes.Write(numbers.AsSByte() - Vector128<sbyte>.One, d, values[i..]);
            }
        }
    }
}
