using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace LoraMerge.Safetensors;

/// <summary>Makes a checked header of its JSON. Stricter than JSON where the format is: a name stands once, however it is escaped.</summary>
internal ref struct HeaderParser
{
    private readonly string _path;
    private readonly Dictionary<string, TensorEntry> _byName = new(StringComparer.Ordinal);
    private readonly List<TensorEntry> _tensors = [];
    private readonly List<long> _shape = [];
    private ImmutableDictionary<string, string>? _metadata;
    private Utf8JsonReader _json;

    private HeaderParser(ReadOnlySpan<byte> json, string path)
    {
        _path = path;
        _json = new Utf8JsonReader(json, new JsonReaderOptions
        {
            AllowTrailingCommas = false,
            CommentHandling = JsonCommentHandling.Disallow,
            MaxDepth = 64,
        });
    }

    /// <summary>Parses the JSON and checks it against the length of its file.</summary>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long fileLength, string path)
    {
        if (!Utf8.IsValid(json))
            throw new SafetensorsFormatException(SafetensorsFault.HeaderNotUtf8, path, null, "The header is not UTF-8 text.");

        // The format fixes the first byte, so that no other kind of file passes for this one. Spaces may only follow.
        if (json[0] != (byte)'{')
        {
            throw new SafetensorsFormatException(SafetensorsFault.HeaderNotJson, path, null,
                $"The header begins with byte 0x{json[0]:X2}; the format demands '{{' (0x7B).");
        }

        var parser = new HeaderParser(json, path);
        try
        {
            parser.ReadObject();
        }
        catch (JsonException e)
        {
            throw new SafetensorsFormatException(SafetensorsFault.HeaderNotJson, path, null, $"The header is not valid JSON: {e.Message}", e);
        }

        long dataOffset = SafetensorsHeader.LengthBytes + json.Length;
        ImmutableArray<TensorEntry> tensors = DataTiling.Check(parser._tensors, fileLength - dataOffset, path);
        return new SafetensorsHeader(tensors, parser._byName, parser._metadata ?? EmptyMetadata, dataOffset, fileLength);
    }

    private static ImmutableDictionary<string, string> EmptyMetadata { get; } = ImmutableDictionary.Create<string, string>(StringComparer.Ordinal);

    private void ReadObject()
    {
        bool hasMetadata = false;
        _json.Read();
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            string name = ReadText();
            _json.Read();
            if (name == SafetensorsHeader.MetadataName)
            {
                if (hasMetadata)
                    Fail(SafetensorsFault.DuplicateName, null, "'__metadata__' stands twice in the header.");
                hasMetadata = true;
                ReadMetadata();
            }
            else
            {
                ReadTensor(name);
            }
        }

        _json.Read(); // throws when anything but white space follows the object
    }

    private void ReadMetadata()
    {
        if (_json.TokenType == JsonTokenType.Null) // the reference reads this as absent
            return;
        if (_json.TokenType != JsonTokenType.StartObject)
            Fail(SafetensorsFault.MetadataInvalid, null, $"'__metadata__' is {Kind(_json.TokenType)} instead of an object of strings.");

        ImmutableDictionary<string, string>.Builder metadata = EmptyMetadata.ToBuilder();
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            string key = ReadText();
            _json.Read();
            if (_json.TokenType != JsonTokenType.String)
            {
                Fail(SafetensorsFault.MetadataInvalid, null,
                    $"{SafetensorsFormatException.Quote(key)} in '__metadata__' is {Kind(_json.TokenType)} instead of a string.");
            }

            if (!metadata.TryAdd(key, ReadText()))
                Fail(SafetensorsFault.DuplicateName, null, $"{SafetensorsFormatException.Quote(key)} stands twice in '__metadata__'.");
        }

        _metadata = metadata.ToImmutable();
    }

    private void ReadTensor(string name)
    {
        if (_json.TokenType != JsonTokenType.StartObject)
            FailTensor(SafetensorsFault.EntryInvalid, name, $"its entry is {Kind(_json.TokenType)} instead of an object");

        DType? dtype = null;
        bool hasShape = false;
        (long Begin, long End)? offsets = null;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (FieldIs("dtype"u8))
            {
                FailIfTwice(dtype is not null, name, "dtype");
                dtype = ReadDType(name);
            }
            else if (FieldIs("shape"u8))
            {
                FailIfTwice(hasShape, name, "shape");
                ReadShape(name);
                hasShape = true;
            }
            else if (FieldIs("data_offsets"u8))
            {
                FailIfTwice(offsets is not null, name, "data_offsets");
                offsets = ReadOffsets(name);
            }
            else
            {
                _json.Skip(); // the reference ignores other fields too
            }
        }

        if (dtype is null || !hasShape || offsets is null)
            FailTensor(SafetensorsFault.EntryInvalid, name, $"its entry lacks '{(dtype is null ? "dtype" : !hasShape ? "shape" : "data_offsets")}'");
        Add(name, dtype.Value, offsets.Value.Begin, offsets.Value.End);
    }

    private void Add(string name, DType dtype, long begin, long end)
    {
        ImmutableArray<long> shape = [.. _shape];
        if (TensorSize.Measure(dtype, shape.AsSpan(), out long byteLength) is { } complaint)
            FailTensor(SafetensorsFault.ShapeInvalid, name, complaint);
        if (end - begin != byteLength)
        {
            FailTensor(
                SafetensorsFault.LengthMismatch,
                name,
                $"its offsets [{begin}, {end}] enclose {end - begin} bytes, but {TensorSize.ShapeText(shape.AsSpan())} of {dtype.HeaderName()} takes "
                    + $"{byteLength}"
            );
        }

        var tensor = new TensorEntry(name, dtype, shape, begin, byteLength);
        if (!_byName.TryAdd(name, tensor))
            Fail(SafetensorsFault.DuplicateName, name, $"Tensor {SafetensorsFormatException.Quote(name)} stands twice in the header.");
        _tensors.Add(tensor);
    }

    private DType ReadDType(string name)
    {
        _json.Read();
        if (_json.TokenType != JsonTokenType.String)
            FailTensor(SafetensorsFault.UnknownDType, name, $"its dtype is {Kind(_json.TokenType)} instead of a string");

        Span<char> buffer = stackalloc char[16]; // the longest spelling has 11 characters
        if (!_json.ValueIsEscaped && _json.ValueSpan.Length <= buffer.Length)
        {
            int length = _json.CopyString(buffer);
            if (DTypes.TryParse(buffer[..length], out DType plain))
                return plain;
        }

        string text = ReadText();
        if (!DTypes.TryParse(text, out DType dtype))
            FailTensor(SafetensorsFault.UnknownDType, name, $"the format has no dtype {SafetensorsFormatException.Quote(text)}");
        return dtype;
    }

    private void ReadShape(string name)
    {
        _shape.Clear();
        _json.Read();
        if (_json.TokenType != JsonTokenType.StartArray)
            FailTensor(SafetensorsFault.ShapeInvalid, name, $"its shape is {Kind(_json.TokenType)} instead of an array");

        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_shape.Count == SafetensorsHeader.MaxDimensions)
                FailTensor(SafetensorsFault.ShapeInvalid, name,
                    $"its shape has more than {SafetensorsHeader.MaxDimensions} dimensions, and no tensor has so many");
            _shape.Add(ReadInteger(SafetensorsFault.ShapeInvalid, name, "its shape holds"));
        }
    }

    private (long Begin, long End) ReadOffsets(string name)
    {
        _json.Read();
        if (_json.TokenType != JsonTokenType.StartArray)
            FailTensor(SafetensorsFault.OffsetsInvalid, name, $"its offsets are {Kind(_json.TokenType)} instead of an array of 2 integers");

        Span<long> pair = [0, 0];
        int count = 0;
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (count == pair.Length)
                FailTensor(SafetensorsFault.OffsetsInvalid, name, "its offsets are more than 2 integers");
            pair[count++] = ReadInteger(SafetensorsFault.OffsetsInvalid, name, "its offsets hold");
        }

        if (count < pair.Length)
            FailTensor(SafetensorsFault.OffsetsInvalid, name, $"its offsets are {count} instead of 2 integers");
        if (pair[1] < pair[0])
            FailTensor(SafetensorsFault.OffsetsInvalid, name, $"its offsets [{pair[0]}, {pair[1]}] end before they begin");
        return (pair[0], pair[1]);
    }

    /// <summary>A plain non-negative integer: no fraction, no exponent, no minus, even where the value would be whole.</summary>
    private long ReadInteger(SafetensorsFault fault, string name, string what)
    {
        if (_json.TokenType != JsonTokenType.Number)
            FailTensor(fault, name, $"{what} {Kind(_json.TokenType)} where a non-negative integer belongs");
        if (_json.ValueSpan[0] == (byte)'-' || !_json.TryGetInt64(out long value))
        {
            string text = Encoding.UTF8.GetString(_json.ValueSpan[..Math.Min(_json.ValueSpan.Length, 40)]);
            FailTensor(fault, name, $"{what} {text}, which is no non-negative integer of 63 bits");
            return 0;
        }

        return value;
    }

    private bool FieldIs(ReadOnlySpan<byte> field) =>
        _json.ValueIsEscaped ? ReadText() == Encoding.UTF8.GetString(field) : _json.ValueSpan.SequenceEqual(field);

    private string ReadText()
    {
        try
        {
            return _json.GetString()!;
        }
        catch (InvalidOperationException e) // half a surrogate pair, escaped: JSON's grammar allows it, Unicode does not
        {
            throw new SafetensorsFormatException(SafetensorsFault.HeaderNotJson, _path, null,
                $"The string at byte {_json.TokenStartIndex} of the header holds half a surrogate pair.", e);
        }
    }

    private readonly void FailIfTwice(bool isPresent, string name, string field)
    {
        if (isPresent)
            FailTensor(SafetensorsFault.EntryInvalid, name, $"its entry has '{field}' twice");
    }

    [DoesNotReturn]
    private readonly void FailTensor(SafetensorsFault fault, string name, string complaint) =>
        Fail(fault, name, $"Tensor {SafetensorsFormatException.Quote(name)}: {complaint}.");

    [DoesNotReturn]
    private readonly void Fail(SafetensorsFault fault, string? name, string message) =>
        throw new SafetensorsFormatException(fault, _path, name, message);

    private static string Kind(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "a boolean",
        _ => "null",
    };
}
