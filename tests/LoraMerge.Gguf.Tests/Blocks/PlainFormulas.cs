using System.Buffers.Binary;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Tests.Blocks;

/// <summary>The formulas of the types written one number after the other, for single blocks: what the quantisers must equal to the last bit.</summary>
internal static class PlainFormulas
{
    public static byte[] Quantise(GgufType type, ReadOnlySpan<float> x) => type switch
    {
        GgufType.F16 => Floats16(x),
        GgufType.BF16 => BFloats16(x),
        GgufType.Q8_0 => Q80(x),
        GgufType.Q4_0 => Symmetric(x, 8),
        GgufType.Q5_0 => Symmetric(x, 16),
        GgufType.Q4_1 => FromMinimum(x, 15),
        GgufType.Q5_1 => FromMinimum(x, 31),
        GgufType.Q4_K => SuperBlock(x, 15, -1, 20),
        GgufType.Q5_K => SuperBlock(x, 31, -0.5f, 15),
        GgufType.Q6_K => Q6K(x),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    private static byte[] Floats16(ReadOnlySpan<float> x)
    {
        byte[] block = new byte[2 * x.Length];
        for (int i = 0; i < x.Length; i++)
            BinaryPrimitives.WriteHalfLittleEndian(block.AsSpan(2 * i), (Half)x[i]);
        return block;
    }

    private static byte[] BFloats16(ReadOnlySpan<float> x)
    {
        byte[] block = new byte[2 * x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            // The two neighbours that have only upper halves, and the nearer of them; half way the even one.
            uint bits = BitConverter.SingleToUInt32Bits(x[i]);
            uint below = bits >> 16;
            uint rest = bits & 0xFFFF;
            bool up = rest > 0x8000 || (rest == 0x8000 && below % 2 == 1);
            BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(2 * i), (ushort)(up ? below + 1 : below));
        }

        return block;
    }

    private static byte[] Q80(ReadOnlySpan<float> x)
    {
        byte[] block = new byte[34];
        float largest = 0;
        foreach (float value in x)
            largest = MathF.Max(largest, MathF.Abs(value));
        float d = largest / 127;
        float inverse = d != 0 ? 1 / d : 0;
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)d);
        for (int i = 0; i < 32; i++)
            block[2 + i] = (byte)(sbyte)MathF.Round(x[i] * inverse, MidpointRounding.AwayFromZero);
        return block;
    }

    private static byte[] Symmetric(ReadOnlySpan<float> x, int half)
    {
        float extreme = 0;
        foreach (float value in x)
            extreme = MathF.Abs(value) > MathF.Abs(extreme) ? value : extreme;
        float d = extreme / -half;
        float inverse = d != 0 ? 1 / d : 0;
        int[] q = new int[32];
        for (int i = 0; i < 32; i++)
            q[i] = Math.Min((2 * half) - 1, (int)((x[i] * inverse) + (half + 0.5f)));
        byte[] block = new byte[half == 8 ? 18 : 22];
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)d);
        PackPairs(q, block, 2);
        return block;
    }

    private static byte[] FromMinimum(ReadOnlySpan<float> x, int levels)
    {
        float minimum = x[0], maximum = x[0];
        foreach (float value in x)
            (minimum, maximum) = (MathF.Min(minimum, value), MathF.Max(maximum, value));
        float d = (maximum - minimum) / levels;
        float inverse = d != 0 ? 1 / d : 0;
        int[] q = new int[32];
        for (int i = 0; i < 32; i++)
            q[i] = Math.Min(levels, (int)(((x[i] - minimum) * inverse) + 0.5f));
        byte[] block = new byte[levels == 15 ? 20 : 24];
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)d);
        BinaryPrimitives.WriteHalfLittleEndian(block.AsSpan(2), (Half)minimum);
        PackPairs(q, block, 4);
        return block;
    }

    private static void PackPairs(int[] q, byte[] block, int start)
    {
        if (block.Length - start > 16)
        {
            uint high = 0;
            for (int i = 0; i < 32; i++)
                high |= (uint)(q[i] >> 4) << i;
            BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(start), high);
            start += 4;
        }

        for (int i = 0; i < 16; i++)
            block[start + i] = (byte)((q[i] & 15) | ((q[i + 16] & 15) << 4));
    }

    private static byte[] SuperBlock(ReadOnlySpan<float> x, int levels, float offset, int lastGrid)
    {
        float[] scales = new float[8], minima = new float[8];
        int[] q = new int[256];
        for (int j = 0; j < 8; j++)
            (scales[j], minima[j]) = Search(x.Slice(32 * j, 32), levels, offset, lastGrid, q.AsSpan(32 * j, 32));

        float largestScale = MathF.Max(0, scales.Max()), largestMinimum = MathF.Max(0, minima.Max());
        byte[] block = new byte[levels == 15 ? 144 : 176];
        var d = (Half)(largestScale / 63);
        var dmin = (Half)(largestMinimum / 63);
        BinaryPrimitives.WriteHalfLittleEndian(block, d);
        BinaryPrimitives.WriteHalfLittleEndian(block.AsSpan(2), dmin);
        for (int j = 0; j < 8; j++)
        {
            int sc = largestScale > 0 ? Math.Min(63, (int)MathF.Round(63 / largestScale * scales[j])) : 0;
            int mn = largestMinimum > 0 ? Math.Min(63, (int)MathF.Round(63 / largestMinimum * minima[j])) : 0;
            if (j < 4)
            {
                block[4 + j] |= (byte)sc;
                block[8 + j] |= (byte)mn;
            }
            else
            {
                block[8 + j] |= (byte)((sc & 15) | ((mn & 15) << 4));
                block[j] |= (byte)(sc >> 4 << 6);
                block[4 + j] |= (byte)(mn >> 4 << 6);
            }

            float step = (float)d * sc;
            for (int i = 32 * j; i < 32 * (j + 1) && step != 0; i++)
                q[i] = Math.Clamp((int)MathF.Round((x[i] + ((float)dmin * mn)) / step), 0, levels);
        }

        for (int i = 0; i < 256; i++)
        {
            block[block.Length - 128 + (i / 64 * 32) + (i % 32)] |= (byte)((q[i] & 15) << (i % 64 / 32 * 4));
            if (levels == 31)
                block[16 + (i % 32)] |= (byte)(q[i] >> 4 << (i / 32));
        }

        return block;
    }

    private static (float Scale, float Minimum) Search(ReadOnlySpan<float> x, int levels, float offset, int lastGrid, Span<int> best)
    {
        float squares = 0;
        foreach (float value in x)
            squares += value * value;
        float mean = MathF.Sqrt(squares / 32);
        float[] w = new float[32];
        for (int i = 0; i < 32; i++)
            w[i] = mean + MathF.Abs(x[i]);

        float lo = x[0], hi = x[0], sumW = w[0], sumX = w[0] * x[0];
        for (int i = 1; i < 32; i++)
        {
            lo = MathF.Min(lo, x[i]);
            hi = MathF.Max(hi, x[i]);
            sumW += w[i];
            sumX += w[i] * x[i];
        }

        lo = MathF.Min(lo, 0);
        if (hi == lo)
        {
            best.Clear();
            return (0, -lo);
        }

        float grid = levels / (hi - lo);
        float scale = 1 / grid;
        float bestError = 0;
        for (int i = 0; i < 32; i++)
        {
            best[i] = Math.Clamp((int)MathF.Round(grid * (x[i] - lo)), 0, levels);
            float difference = (scale * best[i]) + lo - x[i];
            bestError += w[i] * (difference * difference);
        }

        int[] q = new int[32];
        for (int k = 0; k <= lastGrid; k++)
        {
            grid = (offset + (0.1f * k) + levels) / (hi - lo);
            float sumQ = 0, sumQ2 = 0, sumXQ = 0;
            for (int i = 0; i < 32; i++)
            {
                q[i] = Math.Clamp((int)MathF.Round(grid * (x[i] - lo)), 0, levels);
                sumQ += w[i] * q[i];
                sumQ2 += w[i] * q[i] * q[i];
                sumXQ += w[i] * q[i] * x[i];
            }

            float determinant = (sumW * sumQ2) - (sumQ * sumQ);
            if (determinant <= 0)
                continue;
            float s = ((sumW * sumXQ) - (sumX * sumQ)) / determinant;
            float t = ((sumQ2 * sumX) - (sumQ * sumXQ)) / determinant;
            if (t > 0)
                (s, t) = (sumXQ / sumQ2, 0);
            float error = 0;
            for (int i = 0; i < 32; i++)
            {
                float difference = (s * q[i]) + t - x[i];
                error += w[i] * (difference * difference);
            }

            if (error < bestError)
            {
                q.CopyTo(best);
                (bestError, scale, lo) = (error, s, t);
            }
        }

        return (scale, -lo);
    }

    private static byte[] Q6K(ReadOnlySpan<float> x)
    {
        byte[] block = new byte[210];
        float[] scales = new float[16];
        int[] q = new int[256];
        for (int j = 0; j < 16; j++)
            scales[j] = SearchScale(x.Slice(16 * j, 16), q.AsSpan(16 * j, 16));
        float largest = 0;
        foreach (float scale in scales)
            largest = MathF.Abs(scale) > MathF.Abs(largest) ? scale : largest;
        if (MathF.Abs(largest) < 1e-15f)
            return block;

        float inverse = -128 / largest;
        var d = (Half)(1 / inverse);
        BinaryPrimitives.WriteHalfLittleEndian(block.AsSpan(208), d);
        for (int j = 0; j < 16; j++)
        {
            int sc = Math.Min(127, (int)MathF.Round(inverse * scales[j]));
            block[192 + j] = (byte)(sbyte)sc;
            float step = (float)d * sc;
            for (int i = 16 * j; i < 16 * (j + 1) && step != 0; i++)
                q[i] = Math.Clamp((int)MathF.Round(x[i] / step), -32, 31) + 32;
        }

        for (int i = 0; i < 256; i++)
        {
            int quarter = i % 128 / 32;
            block[(i / 128 * 64) + (quarter % 2 * 32) + (i % 32)] |= (byte)((q[i] & 15) << (quarter / 2 * 4));
            block[128 + (i / 128 * 32) + (i % 32)] |= (byte)(q[i] >> 4 << (2 * quarter));
        }

        return block;
    }

    private static float SearchScale(ReadOnlySpan<float> x, Span<int> best)
    {
        float extreme = 0;
        foreach (float value in x)
            extreme = MathF.Abs(value) > MathF.Abs(extreme) ? value : extreme;
        best.Clear();
        if (MathF.Abs(extreme) < 1e-15f)
            return 0;

        float scale = 0, score = 0;
        int[] q = new int[16];
        foreach (int k in (int[])[0, -9, -8, -7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        {
            float grid = -(32 + (0.1f * k)) / extreme;
            float sumXQ = 0, sumQ2 = 0;
            for (int i = 0; i < 16; i++)
            {
                q[i] = Math.Clamp((int)MathF.Round(grid * x[i]), -32, 31);
                sumXQ += x[i] * x[i] * x[i] * q[i];
                sumQ2 += x[i] * x[i] * q[i] * q[i];
            }

            if (k == 0 || (sumQ2 > 0 && sumXQ * sumXQ > score * sumQ2))
            {
                scale = sumQ2 != 0 ? sumXQ / sumQ2 : 0;
                score = scale * sumXQ;
                for (int i = 0; i < 16; i++)
                    best[i] = q[i] + 32;
            }
        }

        return scale;
    }
}
