using System.Buffers;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Blocks;

/// <summary>Reads bytes of a tensor as its file has them.</summary>
/// <param name="byteOffset">From the start of the tensor.</param>
/// <param name="destination">As many bytes as are wanted.</param>
internal delegate void ReadBytes(long byteOffset, Span<byte> destination);

/// <summary>Reads a tensor of a file as float32, from any element on, with a buffer of fixed size.</summary>
internal static class TensorValues
{
    private const int BufferLength = 1 << 18;

    /// <summary>Whether the values of this type can be read.</summary>
    public static bool CanRead(GgufType type) => BlockCodecs.TryFind(type, out _);

    /// <param name="file">That holds the tensor.</param>
    /// <param name="tensor">Of a type that can be read.</param>
    /// <param name="firstElement">In the order of the shape.</param>
    /// <param name="destination">As many elements as are wanted.</param>
    /// <exception cref="GgufFormatException">Truncated: the file was cut after it was opened.</exception>
    public static void Read(GgufReader file, GgufTensor tensor, long firstElement, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstElement);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, tensor.ElementCount - firstElement, nameof(destination));
        Read((offset, bytes) => file.ReadInto(tensor, offset, bytes), tensor.Type, firstElement, destination);
    }

    /// <summary>The same, of bytes that somebody else reads.</summary>
    /// <param name="read">Reads them.</param>
    /// <param name="type">A type that can be read.</param>
    /// <param name="firstElement">In the order of the shape.</param>
    /// <param name="destination">As many elements as are wanted.</param>
    public static void Read(ReadBytes read, GgufType type, long firstElement, Span<float> destination)
    {
        if (!BlockCodecs.TryFind(type, out BlockCodec? codec))
            throw new ArgumentException($"Values of {type} cannot be read.", nameof(type));
        int elements = type.ElementsPerBlock();
        int bytes = type.BytesPerBlock();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        float[] block = ArrayPool<float>.Shared.Rent(elements);
        try
        {
            while (!destination.IsEmpty)
            {
                long firstBlock = firstElement / elements;
                int skipped = (int)(firstElement % elements);
                bool isWhole = skipped == 0 && destination.Length >= elements;
                int blockCount = isWhole ? Math.Min(destination.Length / elements, BufferLength / bytes) : 1;
                Span<byte> blocks = buffer.AsSpan(0, blockCount * bytes);
                read(firstBlock * bytes, blocks);
                int count = isWhole ? blockCount * elements : Math.Min(destination.Length, elements - skipped);
                codec.Dequantise(blocks, isWhole ? destination : block);
                if (!isWhole)
                    block.AsSpan(skipped, count).CopyTo(destination);
                destination = destination[count..];
                firstElement += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            ArrayPool<float>.Shared.Return(block);
        }
    }
}
