using System.Runtime.InteropServices;
using LoraMerge.Checkpoints;

namespace LoraMerge.Quantized;

/// <summary>Words of 32 bits as they are stored.</summary>
internal static class Words
{
    /// <summary>All words of a part.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111.</exception>
    public static uint[] All(TensorFiles files, StoredTensor part)
    {
        uint[] words = new uint[part.ElementCount];
        Read(files, part, 0, words);
        return words;
    }

    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111.</exception>
    public static void Read(TensorFiles files, StoredTensor part, long first, Span<uint> words)
    {
        part.ReadInto(files, first, MemoryMarshal.AsBytes(words));
        if (!BitConverter.IsLittleEndian)
            System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(words, words);
    }
}
