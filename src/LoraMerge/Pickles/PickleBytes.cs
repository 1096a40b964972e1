using System.Text;
using LoraMerge.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Pickles;

/// <summary>The bytes of a pickle, read forward through a small buffer. What a pickle claims to hold is believed only as far as the file goes.</summary>
internal sealed class PickleBytes
{
    /// <summary>The most that one file's pickles may take: some hundred thousand tensors fit.</summary>
    public const long MaxLength = 64L << 20;

    /// <summary>The longest text; names of tensors have some hundred bytes.</summary>
    public const int MaxTextLength = 1 << 20;

    private const int LongestLine = 1000;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly long _start;
    private readonly long _end;
    private readonly bool _isShortened;
    private readonly byte[] _buffer = new byte[1 << 16];
    private long _bufferStart;
    private int _bufferLength;

    /// <param name="file">Stays open.</param>
    /// <param name="path">What messages call the file.</param>
    /// <param name="start">Where the pickle starts in the file.</param>
    /// <param name="length">Bytes from there on that may belong to it.</param>
    public PickleBytes(SafeFileHandle file, string path, long start, long length)
    {
        _file = file;
        _path = path;
        _start = _bufferStart = start;
        _isShortened = length > MaxLength;
        _end = start + Math.Min(length, MaxLength);
        FileOffset = start;
    }

    /// <summary>Where the next byte lies in the file.</summary>
    public long FileOffset { get; private set; }

    /// <summary>Where the next byte lies in the pickle.</summary>
    public long Offset => FileOffset - _start;

    public byte ReadByte()
    {
        if (FileOffset < _bufferStart || FileOffset >= _bufferStart + _bufferLength)
        {
            ThrowIfBeyondEnd(1);
            Fill();
        }
        return _buffer[FileOffset++ - _bufferStart];
    }

    /// <param name="destination">Short: filled byte by byte.</param>
    public void Read(Span<byte> destination)
    {
        ThrowIfBeyondEnd(destination.Length);
        for (int i = 0; i < destination.Length; i++)
            destination[i] = ReadByte();
    }

    /// <summary>Passes over bytes without reading them.</summary>
    public void Skip(ulong length)
    {
        ThrowIfBeyondEnd(length);
        FileOffset += (long)length;
    }

    /// <exception cref="LoraMergeException">LORA2014: longer than any name, beyond the end, or no UTF-8.</exception>
    public string ReadText(ulong length)
    {
        ThrowIfBeyondEnd(length);
        if (length > MaxTextLength)
            throw Errors.PickleInvalid(_path, $"the text at byte {Offset} of its pickle has {length} bytes, and at most {MaxTextLength} are read");
        byte[] bytes = new byte[length];
        Read(bytes);
        return Decode(bytes);
    }

    /// <summary>Text up to a line feed.</summary>
    public string ReadLine()
    {
        var bytes = new List<byte>();
        for (byte b; (b = ReadByte()) != '\n'; bytes.Add(b))
        {
            if (bytes.Count == LongestLine)
                throw Errors.PickleInvalid(_path, $"the line before byte {Offset} of its pickle is longer than {LongestLine} bytes");
        }
        return Decode([.. bytes]);
    }

    private string Decode(byte[] bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Errors.PickleInvalid(_path, $"the text before byte {Offset} of its pickle is no UTF-8");
        }
    }

    private void ThrowIfBeyondEnd(long length) => ThrowIfBeyondEnd((ulong)length);

    private void ThrowIfBeyondEnd(ulong length)
    {
        ulong left = (ulong)(_end - FileOffset);
        if (length <= left)
            return;
        throw Errors.PickleInvalid(_path, _isShortened
            ? $"its pickle is longer than {MaxLength} bytes, far more than names and shapes of tensors take"
            : $"at byte {Offset} its pickle needs {length} more bytes, but {left} follow");
    }

    private void Fill()
    {
        _bufferStart = FileOffset;
        _bufferLength = RandomAccess.Read(_file, _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, _end - FileOffset)), FileOffset);
        if (_bufferLength == 0)
            throw Errors.InputChangedDuringMerge(_path);
    }
}
