using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>Q5_0: 32 numbers of 5 bits with one scale; x = d·(q − 16).</summary>
/// <remarks>d = the x of largest magnitude / −16; q = min(31, ⌊x/d + 16.5⌋). As llama.cpp counts.</remarks>
internal static class Q50
{
    private const int Elements = 32;
    private const int Bytes = 22;

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            float d = Float16.Read(blocks);
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(blocks[2..]);
            for (int i = 0; i < Elements / 2; i++)
            {
                (int first, int second) = FifthBits.Read(blocks[2..], high, i);
                values[i] = d * (first - 16);
                values[i + 16] = d * (second - 16);
            }
        }
    }

    public static void Quantise(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        for (; values.Length > 0; values = values[Elements..], blocks = blocks[Bytes..])
        {
            float d = Lanes.Extreme(values) / -16;
            float inverse = d == 0 ? 0 : 1 / d;
            Float16.Write(blocks, d);
            Vector256<byte> q = Lanes.ToBytes(Shift(values), Shift(values[8..]), Shift(values[16..]), Shift(values[24..]));
            FifthBits.Write(Vector256.Min(q, Vector256.Create((byte)31)), blocks[2..]);

            Vector256<float> Shift(ReadOnlySpan<float> x) => (Vector256.Create(x) * inverse) + Vector256.Create(16.5f);
        }
    }
}
