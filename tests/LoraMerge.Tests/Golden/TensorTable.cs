using LoraMerge.Checkpoints;
using LoraMerge.Quantized;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Golden;

/// <summary>All tensors of a model, widened to float64.</summary>
internal static class TensorTable
{
    public static Dictionary<string, StoredTensor> Headers(string path) =>
        (Directory.Exists(path) ? BaseModels.Open(path).Shards : [Shard.Read(path)])
            .SelectMany(shard => shard.Tensors).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);

    public static byte[] Bytes(StoredTensor tensor)
    {
        using var files = new TensorFiles();
        byte[] bytes = new byte[tensor.ByteLength];
        files.ReadInto(tensor, 0, bytes);
        return bytes;
    }

    public static double[] Values(StoredTensor tensor)
    {
        byte[] bytes = Bytes(tensor);
        int size = tensor.DType.BitsPerElement() / 8;
        double[] values = new double[bytes.Length / size];
        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlySpan<byte> element = bytes.AsSpan(i * size, size);
            values[i] = tensor.DType switch
            {
                DType.F64 => BitConverter.ToDouble(element),
                DType.F32 => BitConverter.ToSingle(element),
                DType.F16 => (double)BitConverter.ToHalf(element),
                DType.BF16 => BitConverter.Int32BitsToSingle(BitConverter.ToUInt16(element) << 16),
                _ => throw new NotSupportedException(tensor.DType.ToString()),
            };
        }
        return values;
    }
}
