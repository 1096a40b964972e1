using System.Runtime.InteropServices;
using LoraMerge.Safetensors;

namespace LoraMerge.Gguf.Tests.Golden;

/// <summary>A tensor in float64.</summary>
internal sealed record Numbers(long[] Shape, double[] Values)
{
    public long Rows => Shape.SkipLast(1).Aggregate(1L, (product, side) => product * side);

    public long RowLength => Shape[^1];

    public static Dictionary<string, (DType DType, Numbers Tensor)> ReadAll(string file)
    {
        using SafetensorsReader reader = SafetensorsReader.Open(file);
        return reader.Header.Tensors.ToDictionary(entry => entry.Name, entry => (entry.DType, Read(reader, entry)), StringComparer.Ordinal);
    }

    /// <summary>What happens on the way to the file, as a case says it.</summary>
    public Numbers Rope(long heads)
    {
        long rows = Shape[0], width = Values.Length / rows, half = rows / heads / 2;
        double[] values = new double[Values.Length];
        for (long head = 0; head < heads; head++)
        {
            for (long pair = 0; pair < half; pair++)
            {
                for (long side = 0; side < 2; side++)
                    Array.Copy(Values, ((head * 2 * half) + (side * half) + pair) * width, values, ((head * 2 * half) + (2 * pair) + side) * width, width);
            }
        }

        return this with { Values = values };
    }

    public Numbers Plus(double value) => this with { Values = Array.ConvertAll(Values, number => number + value) };

    public Numbers Transpose()
    {
        long height = Shape[^2], width = Shape[^1], matrices = Values.Length / height / width;
        double[] values = new double[Values.Length];
        for (long m = 0; m < matrices; m++)
        {
            for (long row = 0; row < height; row++)
            {
                for (long column = 0; column < width; column++)
                    values[(m * height * width) + (column * height) + row] = Values[(m * height * width) + (row * width) + column];
            }
        }

        return new Numbers([.. Shape[..^2], width, height], values);
    }

    public static Numbers Stack(IReadOnlyCollection<Numbers> all) => new([all.Count, .. all.First().Shape], [.. all.SelectMany(one => one.Values)]);

    public Numbers Take(int axis, long start, long stop, long step)
    {
        long inner = Shape[(axis + 1)..].Aggregate(1L, (product, side) => product * side);
        long outer = Shape[..axis].Aggregate(1L, (product, side) => product * side);
        var values = new List<double>();
        for (long o = 0; o < outer; o++)
        {
            for (long i = start; i < stop; i += step)
                values.AddRange(Values.AsSpan((int)(((o * Shape[axis]) + i) * inner), (int)inner));
        }

        long[] shape = [.. Shape];
        shape[axis] = (stop - start + step - 1) / step;
        return new Numbers(shape, [.. values]);
    }

    private static Numbers Read(SafetensorsReader reader, TensorEntry entry)
    {
        byte[] bytes = new byte[entry.ByteLength];
        reader.ReadInto(entry, 0, bytes);
        double[] values = entry.DType switch
        {
            DType.F32 => [.. MemoryMarshal.Cast<byte, float>(bytes).ToArray().Select(value => (double)value)],
            DType.F16 => [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(value => (double)value)],
            DType.BF16 => [.. MemoryMarshal.Cast<byte, ushort>(bytes).ToArray().Select(value => (double)BitConverter.UInt32BitsToSingle((uint)value << 16))],
            _ => throw new InvalidDataException($"'{entry.Name}' is {entry.DType}."),
        };
        return new Numbers([.. entry.Shape], values);
    }
}
