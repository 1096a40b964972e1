using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>Q4_0: 32 numbers of 4 bits with one scale; x = d·(q − 8). Byte j holds element j below and element j + 16 above.</summary>
/// <remarks>d = the x of largest magnitude / −8; q = min(15, ⌊x/d + 8.5⌋). As llama.cpp counts.</remarks>
internal static class Q40
{
    private const int Elements = 32;
    private const int Bytes = 18;

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            float d = Float16.Read(blocks);
            for (int i = 0; i < Elements / 2; i++)
            {
                int pair = blocks[2 + i];
                values[i] = d * ((pair & 15) - 8);
                values[i + 16] = d * ((pair >> 4) - 8);
            }
        }
    }

    public static void Quantise(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        for (; values.Length > 0; values = values[Elements..], blocks = blocks[Bytes..])
        {
            float d = Lanes.Extreme(values) / -8;
            float inverse = d == 0 ? 0 : 1 / d;
            Float16.Write(blocks, d);
            Vector256<byte> q = Vector256.Min(
                Lanes.ToBytes(Shift(values), Shift(values[8..]), Shift(values[16..]), Shift(values[24..])), Vector256.Create((byte)15));
            (q.GetLower() | (q.GetUpper() << 4)).CopyTo(blocks[2..]);

            Vector256<float> Shift(ReadOnlySpan<float> x) => (Vector256.Create(x) * inverse) + Vector256.Create(8.5f);
        }
    }
}
