using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using LoraMerge.Safetensors;

namespace LoraMerge.Gguf.Container;

/// <summary>Makes a checked header of the start of a file.</summary>
/// <param name="stream">At the start of the file.</param>
internal sealed class HeaderParser(HeaderStream stream)
{
    private const uint Version = 3;
    private const uint OldestVersion = 2; // the same but for the name of its number
    private const uint DefaultAlignment = 32;
    private const int ShortestKey = sizeof(ulong) + 1 + sizeof(uint) + 1;
    private const int ShortestTensor = sizeof(ulong) + 1 + sizeof(uint) + sizeof(uint) + sizeof(ulong);

    private readonly GgufMetadata _metadata = new();
    private readonly Dictionary<string, GgufTensor> _byName = new(StringComparer.Ordinal);

    /// <exception cref="GgufFormatException">The file breaks the rules of the format.</exception>
    public GgufHeader Parse()
    {
        ReadMagicAndVersion();
        ulong tensorCount = stream.ReadUInt64("The number of tensors");
        ulong keyCount = stream.ReadUInt64("The number of keys");
        ThrowIfTooMany(tensorCount, ShortestTensor, "tensors");
        ThrowIfTooMany(keyCount, ShortestKey, "keys");

        for (ulong i = 0; i < keyCount; i++)
            ReadKey();
        uint alignment = Alignment();
        ImmutableArray<GgufTensor>.Builder tensors = ImmutableArray.CreateBuilder<GgufTensor>((int)tensorCount);
        long dataLength = 0;
        for (ulong i = 0; i < tensorCount; i++)
        {
            GgufTensor tensor = ReadTensor(dataLength);
            tensors.Add(tensor);
            dataLength = PaddedEnd(tensor, alignment);
        }

        long dataOffset = Padded(stream.Position, alignment);
        CheckLength(tensors, dataOffset, dataLength);
        return new GgufHeader(_metadata, tensors.MoveToImmutable(), _byName, alignment, dataOffset, stream.FileLength);
    }

    private void ReadMagicAndVersion()
    {
        if (stream.FileLength < sizeof(ulong))
            throw Fault(GgufFault.Truncated, null, $"The file has {stream.FileLength} bytes; its first two fields alone take {sizeof(ulong)}.");
        ReadOnlySpan<byte> start = stream.Read(sizeof(ulong), "The start of the file");
        if (!start.StartsWith("GGUF"u8))
        {
            throw Fault(GgufFault.NotGguf, null, ForeignFormat.Recognise(start) is { } kind
                ? $"This is not a GGUF file but {kind}."
                : $"The file begins with the bytes {Convert.ToHexString(start[..4])}; the format demands 'GGUF'.");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(start[4..]);
        if ((version & 0xFFFF) == 0)
            throw Fault(GgufFault.VersionNotSupported, null, "The file's numbers are big-endian; only little-endian files are read.");
        if (version is < OldestVersion or > Version)
            throw Fault(GgufFault.VersionNotSupported, null, $"The file is of version {version} of the format; {OldestVersion} and {Version} are read.");
    }

    /// <summary>Refused before anything is allocated for them.</summary>
    private void ThrowIfTooMany(ulong count, int shortest, string what, string? key = null)
    {
        if (count > (ulong)(stream.Remaining / shortest))
            throw Fault(GgufFault.Truncated, key, $"The header claims {count} {what}, for which the {stream.Remaining} bytes that follow are too few.");
        if (count > (ulong)(HeaderStream.MaxHeaderLength / shortest))
            throw Fault(GgufFault.HeaderTooLarge, key, $"The header claims {count} {what}; no real one has so many.");
    }

    private void ReadKey()
    {
        string key = stream.ReadText("A key", GgufFault.KeyInvalid, GgufMetadata.MaxKeyLength);
        if (key.Length == 0)
            throw Fault(GgufFault.KeyInvalid, null, "A key is empty.");
        uint type = stream.ReadUInt32("The type of a value");
        if (!_metadata.TryAdd(key, ReadValue(key, (GgufValueType)type)))
            throw Fault(GgufFault.DuplicateKey, key, $"Key {Quote(key)} stands twice.");
    }

    private GgufValue ReadValue(string key, GgufValueType type)
    {
        if (type == GgufValueType.String)
            return stream.ReadText($"The text of {Quote(key)}", GgufFault.ValueInvalid);
        if (type != GgufValueType.Array)
            return new GgufValue(type, ReadNumbers(key, type, 1).GetValue(0)!);

        var elementType = (GgufValueType)stream.ReadUInt32("The type of an array");
        ulong count = stream.ReadUInt64("The length of an array");
        return new GgufValue(GgufValueType.Array, elementType == GgufValueType.String ? ReadTexts(key, count) : ReadNumbers(key, elementType, count));
    }

    private string[] ReadTexts(string key, ulong count)
    {
        ThrowIfTooMany(count, sizeof(ulong), $"texts in {Quote(key)}", key);
        string[] texts = new string[count];
        for (int i = 0; i < texts.Length; i++)
            texts[i] = stream.ReadText($"Text {i} of {Quote(key)}", GgufFault.ValueInvalid);
        return texts;
    }

    private Array ReadNumbers(string key, GgufValueType type, ulong count) => type switch
    {
        GgufValueType.UInt8 => ReadAll<byte>(key, count),
        GgufValueType.Int8 => ReadAll<sbyte>(key, count),
        GgufValueType.UInt16 => ReadAll<ushort>(key, count),
        GgufValueType.Int16 => ReadAll<short>(key, count),
        GgufValueType.UInt32 => ReadAll<uint>(key, count),
        GgufValueType.Int32 => ReadAll<int>(key, count),
        GgufValueType.Float32 => ReadAll<float>(key, count),
        GgufValueType.Bool => Array.ConvertAll(ReadAll<byte>(key, count), value => value <= 1
            ? value == 1
            : throw Fault(GgufFault.ValueInvalid, key, $"{Quote(key)} is a boolean of value {value}; 0 and 1 are allowed.")),
        GgufValueType.UInt64 => ReadAll<ulong>(key, count),
        GgufValueType.Int64 => ReadAll<long>(key, count),
        GgufValueType.Float64 => ReadAll<double>(key, count),
        GgufValueType.Array => throw Fault(GgufFault.ValueInvalid, key, $"{Quote(key)} is an array of arrays, which no reader takes."),
        _ => throw Fault(GgufFault.ValueInvalid, key, $"{Quote(key)} is of type {(uint)type}, which the format does not have."),
    };

    private T[] ReadAll<T>(string key, ulong count) where T : unmanaged
    {
        int size = Marshal.SizeOf<T>();
        ThrowIfTooMany(count, size, $"numbers in {Quote(key)}", key);
        ReadOnlySpan<byte> bytes = stream.Read((long)count * size, $"The value of {Quote(key)}");
        return MemoryMarshal.Cast<byte, T>(bytes).ToArray(); // little-endian, as every platform of .NET 10
    }

    private uint Alignment()
    {
        if (!_metadata.TryGet(GgufMetadata.AlignmentKey, out GgufValue value))
            return DefaultAlignment;
        if (value.Value is not uint alignment || !uint.IsPow2(alignment))
            throw Fault(GgufFault.AlignmentInvalid, GgufMetadata.AlignmentKey,
                $"{GgufMetadata.AlignmentKey} is {value.Value} ({value.Type}); a power of two as UInt32 is expected.");
        return alignment;
    }

    private GgufTensor ReadTensor(long expectedOffset)
    {
        string name = stream.ReadText("The name of a tensor", GgufFault.TensorNameInvalid, GgufTensor.MaxNameLength);
        if (name.Length == 0)
            throw Fault(GgufFault.TensorNameInvalid, null, "The name of a tensor is empty.");
        ImmutableArray<long> shape = ReadShape(name);
        uint typeNumber = stream.ReadUInt32("The type of a tensor");
        if (!Enum.IsDefined((GgufType)typeNumber))
            throw Fault(GgufFault.UnknownType, name, $"Tensor {Quote(name)} is of type {typeNumber}, which is not known.");
        var type = (GgufType)typeNumber;
        if (GgufTypes.Measure(type, shape.AsSpan(), out long byteLength) is { } complaint)
            throw Fault(GgufFault.ShapeInvalid, name, $"Tensor {Quote(name)}: {complaint}.");

        ulong offset = stream.ReadUInt64("The offset of a tensor");
        if (offset != (ulong)expectedOffset)
        {
            throw Fault(GgufFault.OffsetInvalid, name,
                $"Tensor {Quote(name)} begins at byte {offset} of the data, but byte {expectedOffset} follows the tensor before it.");
        }

        var tensor = new GgufTensor(name, type, shape, expectedOffset, byteLength);
        if (!_byName.TryAdd(name, tensor))
            throw Fault(GgufFault.DuplicateTensor, name, $"Tensor {Quote(name)} stands twice.");
        return tensor;
    }

    private ImmutableArray<long> ReadShape(string name)
    {
        uint count = stream.ReadUInt32("The number of dimensions");
        if (count > GgufTensor.MaxDimensions)
            throw Fault(GgufFault.ShapeInvalid, name, $"Tensor {Quote(name)} has {count} dimensions; at most {GgufTensor.MaxDimensions} are allowed.");
        long[] shape = new long[count];
        for (int i = shape.Length - 1; i >= 0; i--) // the row's length comes first
        {
            ulong dimension = stream.ReadUInt64("A dimension");
            if (dimension > long.MaxValue)
                throw Fault(GgufFault.ShapeInvalid, name, $"Tensor {Quote(name)} has a dimension of {dimension}, more than 63 bits can count.");
            shape[i] = (long)dimension;
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(shape);
    }

    private long PaddedEnd(GgufTensor tensor, uint alignment)
    {
        long end = tensor.ByteOffset + tensor.ByteLength; // both below 2^63: an overflow is negative
        if (end < 0 || end > stream.FileLength)
        {
            throw Fault(GgufFault.Truncated, tensor.Name,
                $"Tensor {Quote(tensor.Name)} of {tensor.ByteLength} bytes from byte {tensor.ByteOffset} of the data on "
                + $"is longer than the file of {stream.FileLength} bytes.");
        }

        return Padded(end, alignment);
    }

    /// <summary>The file ends with the last tensor, or with the zeros that pad it.</summary>
    private void CheckLength(ImmutableArray<GgufTensor>.Builder tensors, long dataOffset, long dataLength)
    {
        if (tensors.Count == 0)
        {
            if (stream.FileLength > dataOffset)
                throw Fault(GgufFault.TrailingBytes, null,
                    $"The header ends at byte {stream.Position} and names no tensor, but the file has {stream.FileLength} bytes.");
            return;
        }

        long end = dataOffset + tensors[^1].ByteOffset + tensors[^1].ByteLength;
        if (stream.FileLength < end)
        {
            throw Fault(GgufFault.Truncated, tensors[^1].Name,
                $"Tensor {Quote(tensors[^1].Name)} ends at byte {end}, but the file has only {stream.FileLength} bytes.");
        }

        if (stream.FileLength > dataOffset + dataLength)
        {
            throw Fault(GgufFault.TrailingBytes, null,
                $"The last tensor ends at byte {dataOffset + dataLength} with its padding, but the file has {stream.FileLength} bytes.");
        }
    }

    private static long Padded(long length, uint alignment) => (length + alignment - 1) & -alignment;

    private static string Quote(string name) => GgufFormatException.Quote(name);

    private GgufFormatException Fault(GgufFault fault, string? name, string message) => new(fault, stream.Path, name, message);
}
