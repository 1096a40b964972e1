using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LoraMerge.Safetensors;

/// <summary>A file before its data: the finished header, and where each tensor goes. Equal layouts have equal headers.</summary>
public sealed record ShardLayout
{
    private readonly Dictionary<string, TensorEntry> _byName;

    private ShardLayout(ImmutableArray<TensorEntry> tensors, Dictionary<string, TensorEntry> byName, byte[] headerBytes, long fileLength)
    {
        Tensors = tensors;
        _byName = byName;
        HeaderBytes = headerBytes;
        FileLength = fileLength;
    }

    /// <summary>The tensors in the order of their data, which is the order they were given in.</summary>
    public ImmutableArray<TensorEntry> Tensors { get; }

    /// <summary>The file up to its data section: length, JSON and padding.</summary>
    public ReadOnlyMemory<byte> HeaderBytes { get; }

    /// <summary>Where the data section begins: a multiple of 8.</summary>
    public long DataOffset => HeaderBytes.Length;

    /// <summary>The length of the whole file in bytes.</summary>
    public long FileLength { get; }

    /// <summary>Lays out a file.</summary>
    /// <param name="tensors">
    /// In the order that their data shall have. Readers that map the file want each tensor aligned to its elements:
    /// keep the order of the file that they came from, or put wide dtypes first.
    /// </param>
    /// <param name="metadata">Strings for <c>__metadata__</c>, written in ordinal order of their keys; none when null or empty.</param>
    /// <exception cref="ArgumentException">A name is used twice or reserved, a shape has no size, or the header would be longer than the format
    /// allows.</exception>
    public static ShardLayout Create(
        IEnumerable<(string Name, DType DType, ImmutableArray<long> Shape)> tensors,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);

        var entries = ImmutableArray.CreateBuilder<TensorEntry>();
        var byName = new Dictionary<string, TensorEntry>(StringComparer.Ordinal);
        long offset = 0;
        foreach ((string name, DType dtype, ImmutableArray<long> shape) in tensors)
        {
            if (name == SafetensorsHeader.MetadataName)
                throw new ArgumentException($"'{name}' is reserved by the format and cannot name a tensor.", nameof(tensors));
            if (TensorSize.Measure(dtype, shape.AsSpan(), out long byteLength) is { } complaint)
                throw new ArgumentException($"Tensor '{name}': {complaint}.", nameof(tensors));

            var tensor = new TensorEntry(name, dtype, shape, offset, byteLength);
            if (!byName.TryAdd(name, tensor))
                throw new ArgumentException($"Tensor '{name}' is given twice.", nameof(tensors));
            entries.Add(tensor);
            offset = checked(offset + byteLength);
        }

        byte[] header = WriteHeader(entries, metadata);
        return new ShardLayout(entries.DrainToImmutable(), byName, header, checked(header.Length + offset));
    }

    /// <summary>Finds a tensor by its exact name.</summary>
    public bool TryFind(string name, [NotNullWhen(true)] out TensorEntry? tensor) => _byName.TryGetValue(name, out tensor);

    /// <inheritdoc/>
    public bool Equals(ShardLayout? other) => other is not null && HeaderBytes.Span.SequenceEqual(other.HeaderBytes.Span);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(HeaderBytes.Span);
        return hash.ToHashCode();
    }

    private static byte[] WriteHeader(ImmutableArray<TensorEntry>.Builder tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>(256 + (tensors.Count * 128));
        buffer.Write(stackalloc byte[SafetensorsHeader.LengthBytes]); // filled in below
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            WriteJson(json, tensors, metadata);
        }

        // Padded so that the data section starts at a multiple of 8, as the format's own writer does.
        int padding = -buffer.WrittenCount & 7;
        "       "u8[..padding].CopyTo(buffer.GetSpan(padding + 1));
        buffer.Advance(padding);

        byte[] header = buffer.WrittenSpan.ToArray();
        int jsonLength = header.Length - SafetensorsHeader.LengthBytes;
        if (jsonLength > SafetensorsHeader.MaxJsonLength)
            throw new ArgumentException($"The header would have {jsonLength} bytes; the format allows {SafetensorsHeader.MaxJsonLength}.", nameof(tensors));
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)jsonLength);
        return header;
    }

    private static void WriteJson(Utf8JsonWriter json, ImmutableArray<TensorEntry>.Builder tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        json.WriteStartObject();
        if (metadata is { Count: > 0 })
        {
            json.WriteStartObject(SafetensorsHeader.MetadataName);
            foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                ThrowIfNotUnicode(key);
                ThrowIfNotUnicode(value);
                json.WriteString(key, value);
            }

            json.WriteEndObject();
        }

        foreach (TensorEntry tensor in tensors)
        {
            ThrowIfNotUnicode(tensor.Name);
            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype"u8, tensor.DType.HeaderName());
            json.WriteStartArray("shape"u8);
            foreach (long dimension in tensor.Shape.AsSpan())
                json.WriteNumberValue(dimension);
            json.WriteEndArray();
            json.WriteStartArray("data_offsets"u8);
            json.WriteNumberValue(tensor.ByteOffset);
            json.WriteNumberValue(tensor.ByteOffset + tensor.ByteLength);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>The JSON writer would replace half a surrogate pair by U+FFFD: the file would hold another name than was asked for.</summary>
    private static void ThrowIfNotUnicode(string text)
    {
        ReadOnlySpan<char> rest = text;
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out int length) != OperationStatus.Done)
                throw new ArgumentException($"'{text}' holds half a surrogate pair and cannot stand in a header.");
            rest = rest[length..];
        }
    }
}
