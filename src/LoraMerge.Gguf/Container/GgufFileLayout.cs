using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;

namespace LoraMerge.Gguf.Container;

/// <summary>A file before its data: the finished header, and where each tensor goes. Equal layouts have equal headers.</summary>
internal sealed class GgufFileLayout
{
    /// <summary>What each tensor's place is a multiple of: the format's default, so that no key says it.</summary>
    public const int Alignment = 32;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private GgufFileLayout(ImmutableArray<GgufTensor> tensors, byte[] headerBytes, long fileLength)
    {
        Tensors = tensors;
        HeaderBytes = headerBytes;
        FileLength = fileLength;
    }

    /// <summary>The tensors in the order of their data, which is the order they were given in.</summary>
    public ImmutableArray<GgufTensor> Tensors { get; }

    /// <summary>The file up to its data, padding included.</summary>
    public ReadOnlyMemory<byte> HeaderBytes { get; }

    public long FileLength { get; }

    /// <summary>Lays out a file.</summary>
    /// <param name="metadata">Written in its order; without <c>general.alignment</c>.</param>
    /// <param name="tensors">In the order that their data shall have; shapes rows first.</param>
    /// <exception cref="ArgumentException">A name is used twice or too long, or a shape has no size in its type.</exception>
    public static GgufFileLayout Create(GgufMetadata metadata, IEnumerable<(string Name, GgufType Type, ImmutableArray<long> Shape)> tensors)
    {
        if (metadata.Contains(GgufMetadata.AlignmentKey))
            throw new ArgumentException($"'{GgufMetadata.AlignmentKey}' is not the caller's to say.", nameof(metadata));
        ImmutableArray<GgufTensor> placed = Place(tensors);
        byte[] header = HeaderOf(metadata, placed);
        return new GgufFileLayout(placed, header, header.Length + (placed.IsEmpty ? 0 : Padded(placed[^1].ByteOffset + placed[^1].ByteLength)));
    }

    /// <summary>Bytes that a tensor adds to a file, its entry in the header included.</summary>
    public static long BytesOf(string name, GgufType type, ImmutableArray<long> shape) =>
        EntryLength(name, shape.Length) + (GgufTypes.Measure(type, shape.AsSpan(), out long byteLength) is null ? Padded(byteLength) : 0);

    /// <summary>The length rounded up to the alignment.</summary>
    public static long Padded(long length) => (length + Alignment - 1) & -Alignment;

    private static ImmutableArray<GgufTensor> Place(IEnumerable<(string Name, GgufType Type, ImmutableArray<long> Shape)> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var placed = ImmutableArray.CreateBuilder<GgufTensor>();
        long offset = 0;
        foreach ((string name, GgufType type, ImmutableArray<long> shape) in tensors)
        {
            if (Encoding.UTF8.GetByteCount(name) is 0 or > GgufTensor.MaxNameLength)
                throw new ArgumentException($"'{name}' cannot name a tensor: at most {GgufTensor.MaxNameLength} bytes are allowed.", nameof(tensors));
            if (!names.Add(name))
                throw new ArgumentException($"Tensor '{name}' is given twice.", nameof(tensors));
            if (shape.Length > GgufTensor.MaxDimensions)
                throw new ArgumentException($"Tensor '{name}' has {shape.Length} dimensions.", nameof(tensors));
            if (GgufTypes.Measure(type, shape.AsSpan(), out long byteLength) is { } complaint)
                throw new ArgumentException($"Tensor '{name}': {complaint}.", nameof(tensors));
            placed.Add(new GgufTensor(name, type, shape, offset, byteLength));
            offset = checked(Padded(offset + byteLength));
        }

        return placed.DrainToImmutable();
    }

    private static byte[] HeaderOf(GgufMetadata metadata, ImmutableArray<GgufTensor> tensors)
    {
        var buffer = new ArrayBufferWriter<byte>(1 << 16);
        buffer.Write("GGUF"u8);
        Write(buffer, 3u);
        Write(buffer, (ulong)tensors.Length);
        Write(buffer, (ulong)metadata.Count);
        foreach ((string key, GgufValue value) in metadata)
        {
            Write(buffer, key);
            Write(buffer, (uint)value.Type);
            WriteValue(buffer, value);
        }

        foreach (GgufTensor tensor in tensors)
        {
            Write(buffer, tensor.Name);
            Write(buffer, (uint)tensor.Shape.Length);
            for (int i = tensor.Shape.Length - 1; i >= 0; i--)
                Write(buffer, (ulong)tensor.Shape[i]);
            Write(buffer, (uint)tensor.Type);
            Write(buffer, (ulong)tensor.ByteOffset);
        }

        int padding = (int)(Padded(buffer.WrittenCount) - buffer.WrittenCount);
        buffer.GetSpan(padding + 1)[..padding].Clear();
        buffer.Advance(padding);
        return buffer.WrittenSpan.ToArray();
    }

    private static long EntryLength(string name, int dimensionCount) =>
        sizeof(ulong) + Encoding.UTF8.GetByteCount(name) + sizeof(uint) + (sizeof(ulong) * dimensionCount) + sizeof(uint) + sizeof(ulong);

    private static void WriteValue(ArrayBufferWriter<byte> buffer, GgufValue value)
    {
        if (value.ElementType is { } elementType)
        {
            var elements = (Array)value.Value;
            Write(buffer, (uint)elementType);
            Write(buffer, (ulong)elements.Length);
            if (elements is string[] texts)
            {
                foreach (string text in texts)
                    Write(buffer, text);
            }
            else
            {
                WriteNumbers(buffer, elements);
            }
        }
        else if (value.Value is string text)
        {
            Write(buffer, text);
        }
        else
        {
            var single = Array.CreateInstance(value.Value.GetType(), 1);
            single.SetValue(value.Value, 0);
            WriteNumbers(buffer, single);
        }
    }

    private static void WriteNumbers(ArrayBufferWriter<byte> buffer, Array numbers)
    {
        // Little-endian, as every platform of .NET 10.
        int size = Buffer.ByteLength(numbers);
        MemoryMarshal.CreateSpan(ref MemoryMarshal.GetArrayDataReference(numbers), size).CopyTo(buffer.GetSpan(size));
        buffer.Advance(size);
    }

    private static void Write(ArrayBufferWriter<byte> buffer, string text)
    {
        int length = StrictUtf8.GetByteCount(text);
        Write(buffer, (ulong)length);
        StrictUtf8.GetBytes(text, buffer.GetSpan(length));
        buffer.Advance(length);
    }

    private static void Write(ArrayBufferWriter<byte> buffer, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.GetSpan(sizeof(uint)), value);
        buffer.Advance(sizeof(uint));
    }

    private static void Write(ArrayBufferWriter<byte> buffer, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(buffer.GetSpan(sizeof(ulong)), value);
        buffer.Advance(sizeof(ulong));
    }
}
