using System.Collections.Immutable;
using System.IO.Hashing;
using System.Text;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests;

/// <summary>A tensor in code, for files of a few bytes.</summary>
internal sealed record TinyTensor(string Name, DType DType, ImmutableArray<long> Shape, byte[] Bytes)
{
    /// <summary>Values that depend on the name only: the same in every run, different from tensor to tensor, all between -1 and 1.</summary>
    public static TinyTensor Filled(string name, DType dtype, params long[] shape)
    {
        var random = new Random((int)XxHash32.HashToUInt32(Encoding.UTF8.GetBytes(name)));
        long count = shape.Aggregate(1L, (product, side) => product * side);
        return Of(name, dtype, shape, [.. Enumerable.Range(0, (int)count).Select(_ => (random.NextDouble() * 2) - 1)]);
    }

    public static TinyTensor Of(string name, DType dtype, long[] shape, params double[] values) =>
        new(name, dtype, [.. shape], [.. values.SelectMany(value => ToBytes(value, dtype))]);

    public static void Write(string file, IEnumerable<TinyTensor> tensors)
    {
        TinyTensor[] all = [.. tensors];
        WeightFile.Write(file, all.Select(tensor => (tensor.Name, tensor.DType, tensor.Shape)),
            (entry, offset, bytes) => all.Single(tensor => tensor.Name == entry.Name).Bytes.AsSpan((int)offset, bytes.Length).CopyTo(bytes));
    }

    private static byte[] ToBytes(double value, DType dtype) => dtype switch
    {
        DType.F64 => BitConverter.GetBytes(value),
        DType.F32 => BitConverter.GetBytes((float)value),
        DType.F16 => BitConverter.GetBytes((Half)value),
        DType.BF16 => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16)), // cut: any value will do
        DType.I64 => BitConverter.GetBytes((long)value),
        DType.I32 => BitConverter.GetBytes((int)value),
        DType.U8 => [(byte)value],
        _ => throw new NotSupportedException(dtype.ToString()),
    };
}
