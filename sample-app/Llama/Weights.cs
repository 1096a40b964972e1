using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace SampleApp.Llama;

/// <summary>A .safetensors file: named arrays of numbers, here always read as <see cref="float"/>.</summary>
/// <remarks>The file is: the length of the header (8 bytes), the header (JSON: name, dtype, shape and place of each tensor), the bytes of all
/// tensors.</remarks>
internal sealed class Weights : IDisposable
{
    private readonly FileStream _file;
    private readonly JsonDocument _header;
    private readonly long _dataStart;

    private Weights(FileStream file, JsonDocument header)
    {
        _file = file;
        _header = header;
        _dataStart = file.Position;
    }

    public static Weights Open(string path)
    {
        FileStream file = File.OpenRead(path);

        byte[] headerLength = new byte[sizeof(long)];
        file.ReadExactly(headerLength);
        byte[] header = new byte[BinaryPrimitives.ReadInt64LittleEndian(headerLength)];
        file.ReadExactly(header);

        return new Weights(file, JsonDocument.Parse(header));
    }

    /// <summary>A tensor of shape [n].</summary>
    public float[] Vector(string name) => Read(name, out _);

    /// <summary>A tensor of shape [rows, columns].</summary>
    public Matrix Matrix(string name)
    {
        float[] values = Read(name, out int[] shape);
        return new Matrix(values, Rows: shape[0], Columns: shape[1]);
    }

    public void Dispose()
    {
        _header.Dispose();
        _file.Dispose();
    }

    private float[] Read(string name, out int[] shape)
    {
        TensorEntry entry = _header.RootElement.GetProperty(name).Deserialize<TensorEntry>(ModelJson.Options)!;
        shape = entry.Shape;

        byte[] bytes = new byte[entry.DataOffsets[1] - entry.DataOffsets[0]];
        _file.Position = _dataStart + entry.DataOffsets[0];
        _file.ReadExactly(bytes);

        return Widen(bytes, entry.Dtype);
    }

    private static float[] Widen(byte[] bytes, string dtype)
    {
        switch (dtype)
        {
            case "F32":
                return MemoryMarshal.Cast<byte, float>(bytes).ToArray();

            case "F16":
                ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(bytes);
                float[] values = new float[halves.Length];
                TensorPrimitives.ConvertToSingle(halves, values);
                return values;

            case "BF16": // the upper half of a float
                ReadOnlySpan<ushort> upperHalves = MemoryMarshal.Cast<byte, ushort>(bytes);
                values = new float[upperHalves.Length];
                for (int i = 0; i < values.Length; i++)
                    values[i] = BitConverter.UInt32BitsToSingle((uint)upperHalves[i] << 16);
                return values;

            default:
                throw new NotSupportedException($"The weights are of dtype {dtype}; this app reads F32, F16 and BF16.");
        }
    }

    private sealed record TensorEntry(string Dtype, int[] Shape, long[] DataOffsets);
}
