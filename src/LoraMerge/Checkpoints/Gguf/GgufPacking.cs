using System.Collections.Immutable;
using System.Runtime.InteropServices;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Restoring;
using LoraMerge.Safetensors;

namespace LoraMerge.Checkpoints.Gguf;

/// <summary>Values that lie in a tensor of a GGUF file: in blocks, as rows of heads in pairs, or with a number added.</summary>
/// <param name="FileOffset">Where the bytes of that tensor begin.</param>
/// <param name="Values">How the values lie in it.</param>
internal sealed record GgufPacking(long FileOffset, RestoredValues Values) : TensorPacking
{
    /// <summary>A tensor with values that lie in one of a GGUF file; without a packing where they lie there as they are read.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="file">The file.</param>
    /// <param name="fileOffset">Where the bytes of the file's tensor begin.</param>
    /// <param name="values">How the values lie in it.</param>
    /// <exception cref="Diagnostics.LoraMergeException">LORA2046, LORA2047.</exception>
    public static StoredTensor Stored(string name, ImmutableArray<long> shape, string file, long fileOffset, RestoredValues values)
    {
        DType read = ReadAs(values);
        int size = read.BitsPerElement() / 8;
        var stored = new StoredTensor(name, read, shape, file, fileOffset + (values.FirstElement * size), 0);
        Shard.ThrowIfUnbounded(stored);
        stored = stored with { ByteLength = checked(stored.ElementCount * size) };
        return values is { AreStored: true, AreInOrder: true } ? stored : stored with { FileOffset = 0, Packing = new GgufPacking(fileOffset, values) };
    }

    /// <summary>The same matrix with its rows as they were before those of each head were put in pairs.</summary>
    public static StoredTensor OutOfPairs(StoredTensor pairs, long heads)
    {
        GgufPacking packing = pairs.Packing as GgufPacking ?? new GgufPacking(pairs.FileOffset, new RestoredValues(TypeOf(pairs.DType), 0, pairs.RowLength));
        return pairs with { FileOffset = 0, Packing = packing with { Values = packing.Values with { PairedRows = pairs.RowCount / heads } } };
    }

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

    /// <summary>The element type that values are read as.</summary>
    private static DType ReadAs(RestoredValues values) => values switch
    {
        { AreStored: true, Type: GgufType.F16 } => DType.F16,
        { AreStored: true, Type: GgufType.BF16 } => DType.BF16,
        _ => DType.F32,
    };

    private static GgufType TypeOf(DType stored) => stored switch { DType.F16 => GgufType.F16, DType.BF16 => GgufType.BF16, _ => GgufType.F32 };

    private void ReadWhole(StridedRead.ReadAt read, long firstElement, Span<byte> destination)
    {
        void ReadBytes(long offset, Span<byte> bytes) => read(FileOffset + offset, bytes);
        if (Values.AreStored)
            Values.ReadStored(ReadBytes, firstElement, destination);
        else
            Values.Read(ReadBytes, firstElement, MemoryMarshal.Cast<byte, float>(destination));
    }
}
