using System.Text.Json;

namespace LoraMerge.Gguf.Tokenizers;

/// <summary>Reads JSON from a stream token by token, and holds a piece of it at a time: files of tokenizers have tens of megabytes.</summary>
/// <param name="stream">In UTF-8, with or without a byte order mark; read from where it stands.</param>
internal ref struct JsonStream(Stream stream)
{
    private const int FirstPiece = 1 << 16;

    /// <summary>The token that was read last.</summary>
    public Utf8JsonReader Reader;

    private byte[] _piece = [];
    private int _start;
    private int _end;
    private bool _isLast;

    /// <summary>Reads the next token; false where the text has ended.</summary>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public bool Read()
    {
        if (_piece.Length == 0)
            Begin();
        while (!Reader.Read())
        {
            if (_isLast)
                return false;
            Refill();
        }
        return true;
    }

    /// <summary>Reads on to the end of a value that has begun.</summary>
    /// <exception cref="InvalidOperationException">A text in it is not Unicode.</exception>
    /// <inheritdoc cref="Read" path="/exception"/>
    public void Skip()
    {
        int depth = Reader.CurrentDepth;
        if (Reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
            return;
        while (Read() && Reader.CurrentDepth > depth)
        {
            if (Reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                Reader.GetString();
        }
    }

    /// <summary>Writes the token that was read last.</summary>
    /// <exception cref="InvalidOperationException">It is a text that is not Unicode.</exception>
    public readonly void CopyTo(Utf8JsonWriter writer)
    {
        switch (Reader.TokenType)
        {
            case JsonTokenType.StartObject:
                writer.WriteStartObject();
                break;
            case JsonTokenType.EndObject:
                writer.WriteEndObject();
                break;
            case JsonTokenType.StartArray:
                writer.WriteStartArray();
                break;
            case JsonTokenType.EndArray:
                writer.WriteEndArray();
                break;
            case JsonTokenType.PropertyName:
                writer.WritePropertyName(Reader.GetString()!);
                break;
            case JsonTokenType.String:
                writer.WriteStringValue(Reader.GetString());
                break;
            default:
                writer.WriteRawValue(Reader.ValueSpan, skipInputValidation: true);
                break;
        }
    }

    private void Begin()
    {
        _piece = new byte[FirstPiece];
        Fill(0);
        int mark = _piece.AsSpan(0, _end).StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? 3 : 0;
        _start = mark;
        Reader = new Utf8JsonReader(_piece.AsSpan(mark, _end - mark), _isLast, default);
    }

    /// <summary>What has not become a token stays, in a larger piece where it fills this one.</summary>
    private void Refill()
    {
        ReadOnlySpan<byte> rest = _piece.AsSpan(_start + (int)Reader.BytesConsumed, _end - _start - (int)Reader.BytesConsumed);
        byte[] next = rest.Length > _piece.Length / 2 ? new byte[checked(_piece.Length * 2)] : _piece;
        rest.CopyTo(next);
        _piece = next;
        Fill(rest.Length);
        Reader = new Utf8JsonReader(_piece.AsSpan(0, _end), _isLast, Reader.CurrentState);
    }

    private void Fill(int kept)
    {
        int read = stream.ReadAtLeast(_piece.AsSpan(kept), _piece.Length - kept, throwOnEndOfStream: false);
        (_start, _end, _isLast) = (0, kept + read, read < _piece.Length - kept);
    }
}
