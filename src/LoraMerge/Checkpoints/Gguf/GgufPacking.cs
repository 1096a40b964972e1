using System.Runtime.InteropServices;
using LoraMerge.Gguf.Restoring;
using LoraMerge.Safetensors;

namespace LoraMerge.Checkpoints.Gguf;

/// <summary>Values that lie in a tensor of a GGUF file: in blocks, as rows of heads in pairs, or with a number added.</summary>
/// <param name="FileOffset">Where the bytes of that tensor begin.</param>
/// <param name="Values">How the values lie in it.</param>
internal sealed record GgufPacking(long FileOffset, RestoredValues Values) : TensorPacking
{
    /// <summary>The element type that values are read as.</summary>
    public static DType ReadAs(RestoredValues values) => values switch
    {
        { AreStored: true, Type: LoraMerge.Gguf.Container.GgufType.F16 } => DType.F16,
        { AreStored: true, Type: LoraMerge.Gguf.Container.GgufType.BF16 } => DType.BF16,
        _ => DType.F32,
    };

    /// <inheritdoc/>
    public override void ReadInto(StridedRead.ReadAt read, long byteOffset, Span<byte> destination)
    {
        int size = ReadAs(Values).BitsPerElement() / 8;
        int into = (int)(byteOffset % size), rest = (into + destination.Length) % size;
        if (into == 0 && rest == 0)
        {
            ReadWhole(read, byteOffset / size, destination);
            return;
        }
        // Copies may be cut anywhere, also within an element.
        byte[] whole = new byte[into + destination.Length + ((size - rest) % size)];
        ReadWhole(read, byteOffset / size, whole);
        whole.AsSpan(into, destination.Length).CopyTo(destination);
    }

    private void ReadWhole(StridedRead.ReadAt read, long firstElement, Span<byte> destination)
    {
        void ReadBytes(long offset, Span<byte> bytes) => read(FileOffset + offset, bytes);
        if (Values.AreStored)
            Values.ReadStored(ReadBytes, firstElement, destination);
        else
            Values.Read(ReadBytes, firstElement, MemoryMarshal.Cast<byte, float>(destination));
    }
}
