using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Gguf.Container;

/// <summary>Reads the header of a file front to back. A length is believed only when the file is long enough: nothing is allocated on a lie.</summary>
internal sealed class HeaderStream
{
    /// <summary>The longest header that is read. Those of the largest vocabularies have about 20 MB.</summary>
    public const int MaxHeaderLength = 256 << 20;

    private const int ChunkLength = 1 << 16;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly SafeFileHandle _file;
    private byte[] _buffer = [];
    private int _begin;
    private int _end;

    public HeaderStream(SafeFileHandle file, string path)
    {
        _file = file;
        Path = path;
        FileLength = RandomAccess.GetLength(file);
    }

    public string Path { get; }

    public long FileLength { get; }

    /// <summary>The next byte to read, from the start of the file.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes of the file from <see cref="Position"/> on.</summary>
    public long Remaining => FileLength - Position;

    public uint ReadUInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Read(sizeof(uint), what));

    public ulong ReadUInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Read(sizeof(ulong), what));

    /// <summary>A text: its length in 8 bytes, then UTF-8.</summary>
    /// <param name="what">What is read, for messages.</param>
    /// <param name="fault">What a text is that is too long or not UTF-8.</param>
    /// <param name="maxLength">The most bytes that the format allows.</param>
    public string ReadText(string what, GgufFault fault, int maxLength = int.MaxValue)
    {
        ulong length = ReadUInt64(what);
        if (length > (ulong)Remaining)
            throw Cut(what, length);
        if (length > (ulong)maxLength)
            throw new GgufFormatException(fault, Path, null, $"{what} has {length} bytes; at most {maxLength} are allowed.");
        try
        {
            return StrictUtf8.GetString(Read((long)length, what));
        }
        catch (DecoderFallbackException e)
        {
            throw new GgufFormatException(fault, Path, null, $"{what} is not UTF-8.", e);
        }
    }

    /// <summary>The next bytes, valid until the next call.</summary>
    public ReadOnlySpan<byte> Read(long count, string what)
    {
        if (count > Remaining)
            throw Cut(what, (ulong)count);
        if (Position + count > MaxHeaderLength)
        {
            throw new GgufFormatException(GgufFault.HeaderTooLarge, Path, null,
                $"The header reaches beyond byte {MaxHeaderLength} ({what}); no real one is that long.");
        }

        if (count > _end - _begin)
            Fill((int)count);
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(_begin, (int)count);
        _begin += (int)count;
        Position += count;
        return bytes;
    }

    private void Fill(int count)
    {
        int kept = _end - _begin;
        int wanted = (int)Math.Min(Math.Max(count, ChunkLength), kept + (FileLength - Position - kept));
        byte[] target = wanted > _buffer.Length ? new byte[wanted] : _buffer;
        _buffer.AsSpan(_begin, kept).CopyTo(target);
        (_buffer, _begin, _end) = (target, 0, kept);
        while (_end < wanted)
        {
            int read = RandomAccess.Read(_file, _buffer.AsSpan(_end, wanted - _end), Position + _end);
            if (read == 0)
                throw new GgufFormatException(GgufFault.Truncated, Path, null, $"The file ends at byte {Position + _end}. It was cut while it was read.");
            _end += read;
        }
    }

    private GgufFormatException Cut(string what, ulong count) =>
        new(GgufFault.Truncated, Path, null, $"{what} takes {count} bytes, but only {Remaining} follow at byte {Position} in a file of {FileLength}.");
}
