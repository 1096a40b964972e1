using System.Buffers.Binary;

namespace LoraMerge.Gguf.Blocks;

/// <summary>The points that the IQ types choose from: eight or four numbers at once by one index.</summary>
internal static class Codebook
{
    /// <summary>Unpacks points of eight numbers: two bits each choose the level, 16 bits a point, little-endian, in base 64.</summary>
    public static sbyte[] OfEight(string packed, ReadOnlySpan<sbyte> levels) => Unpack(packed, levels, 8);

    /// <summary>Unpacks points of four numbers: four bits each choose the level, 16 bits a point, little-endian, in base 64.</summary>
    public static sbyte[] OfFour(string packed, ReadOnlySpan<sbyte> levels) => Unpack(packed, levels, 4);

    /// <summary>Signs of eight numbers by seven bits: a set bit is a minus, and the eighth makes their number even.</summary>
    public static int SignsOf(uint sevenBits)
    {
        uint bits = sevenBits & 127;
        return (int)(bits | ((uint)(System.Numerics.BitOperations.PopCount(bits) & 1) << 7));
    }

    /// <summary>Writes scaled numbers of a point; a set bit of the signs is a minus.</summary>
    public static void Write(ReadOnlySpan<sbyte> point, float scale, int signs, Span<float> values)
    {
        for (int i = 0; i < point.Length; i++)
        {
            float value = scale * point[i];
            values[i] = ((signs >> i) & 1) == 0 ? value : -value;
        }
    }

    private static sbyte[] Unpack(string packed, ReadOnlySpan<sbyte> levels, int count)
    {
        byte[] bytes = Convert.FromBase64String(packed);
        sbyte[] points = new sbyte[bytes.Length / 2 * count];
        int width = 16 / count;
        for (int i = 0; i < points.Length; i++)
        {
            int point = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(i / count * 2));
            points[i] = levels[(point >> (i % count * width)) & ((1 << width) - 1)];
        }

        return points;
    }
}
