using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>The points that the IQ types choose from: eight or four numbers at once by one index.</summary>
internal static class Codebook
{
    /// <summary>Unpacks points of eight numbers: two bits each choose the level, 16 bits a point, little-endian, in base 64.</summary>
    public static float[] OfEight(string packed, ReadOnlySpan<sbyte> levels) => Unpack(packed, levels, 8);

    /// <summary>Unpacks points of four numbers: four bits each choose the level, 16 bits a point, little-endian, in base 64.</summary>
    public static float[] OfFour(string packed, ReadOnlySpan<sbyte> levels) => Unpack(packed, levels, 4);

    /// <summary>Signs of eight numbers by seven bits: a set bit is a minus, and the eighth makes their number even.</summary>
    public static int SignsOf(uint sevenBits)
    {
        uint bits = sevenBits & 127;
        return (int)(bits | ((uint)(BitOperations.PopCount(bits) & 1) << 7));
    }

    /// <summary>Writes eight scaled numbers; a set bit of the signs is a minus.</summary>
    public static void Write(Vector256<float> point, float scale, int signs, Span<float> values)
    {
        var bits = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
        Vector256<float> isMinus = Vector256.Equals(Vector256.Create(signs) & bits, bits).AsSingle();
        ((point * scale) ^ (isMinus & Vector256.Create(-0f))).CopyTo(values);
    }

    private static float[] Unpack(string packed, ReadOnlySpan<sbyte> levels, int count)
    {
        byte[] bytes = Convert.FromBase64String(packed);
        float[] points = new float[bytes.Length / 2 * count];
        int width = 16 / count;
        for (int i = 0; i < points.Length; i++)
        {
            int point = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(i / count * 2));
            points[i] = levels[(point >> (i % count * width)) & ((1 << width) - 1)];
        }

        return points;
    }
}
