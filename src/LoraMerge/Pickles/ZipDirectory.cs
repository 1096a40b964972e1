using System.Buffers.Binary;
using System.Text;
using LoraMerge.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Pickles;

/// <summary>The directory of a zip archive, and where the bytes of its files lie. Nothing is unpacked: names are only looked up, never made a path.</summary>
/// <remarks>PKWARE APPNOTE 6.3, with its 64-bit fields. PyTorch stores all files as they are, so a tensor is a range of the archive.</remarks>
internal sealed class ZipDirectory
{
    private const uint EndSignature = 0x06054b50;
    private const uint End64Signature = 0x06064b50;
    private const uint Locator64Signature = 0x07064b50;
    private const uint EntrySignature = 0x02014b50;
    private const uint HeaderSignature = 0x04034b50;
    private const int EndLength = 22;
    private const int End64Length = 56;
    private const int Locator64Length = 20;
    private const int EntryLength = 46;
    private const int HeaderLength = 30;
    private const int EncryptedFlags = 0x2041; // encrypted, strongly encrypted, directory masked

    /// <summary>Room for half a million files.</summary>
    private const long MaxDirectoryLength = 64L << 20;

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly long _start;
    private readonly Dictionary<string, ZipEntry> _entries = new(StringComparer.Ordinal);

    private ZipDirectory(SafeFileHandle file, string path, long start)
    {
        _file = file;
        _path = path;
        _start = start;
    }

    public IEnumerable<string> Names => _entries.Keys;

    /// <exception cref="LoraMergeException">LORA2014.</exception>
    public static ZipDirectory Read(SafeFileHandle file, string path)
    {
        (long start, long length, long count) = FindDirectory(file, path);
        if (length > MaxDirectoryLength)
            throw Errors.PickleInvalid(path, $"the directory of its zip archive has {length} bytes, and at most {MaxDirectoryLength} are read");
        byte[] bytes = new byte[length];
        ReadExactly(file, path, start, bytes);
        var directory = new ZipDirectory(file, path, start);
        for (ReadOnlySpan<byte> rest = bytes; !rest.IsEmpty;)
            rest = rest[directory.Add(rest)..];
        if (directory._entries.Count != count)
            throw Errors.PickleInvalid(path, $"the directory of its zip archive names {directory._entries.Count} files, and {count} are announced");
        return directory;
    }

    public ZipEntry? Find(string name) => _entries.GetValueOrDefault(name);

    /// <summary>Where the bytes of a stored file lie in the archive.</summary>
    /// <exception cref="LoraMergeException">LORA2014: its header says something else than the directory. LORA2016: it is compressed or encrypted.</exception>
    public long DataOffset(ZipEntry entry)
    {
        if (entry.IsEncrypted)
            throw Errors.PickleNotReadable(_path, $"'{entry.Name}' in its zip archive is encrypted");
        if (entry.IsCompressed)
            throw Errors.PickleNotReadable(_path, $"'{entry.Name}' in its zip archive is compressed, which PyTorch never does");
        if (entry.PackedByteLength != entry.ByteLength)
            throw Invalid(entry.Name, $"is stored as it is, but has {entry.PackedByteLength} bytes in the archive and {entry.ByteLength} outside");
        if (entry.HeaderOffset > _start - HeaderLength)
            throw Invalid(entry.Name, "lies outside the archive");
        byte[] header = new byte[HeaderLength];
        ReadExactly(_file, _path, entry.HeaderOffset, header);
        int nameLength = UInt16(header, 26);
        long offset = entry.HeaderOffset + HeaderLength + nameLength + UInt16(header, 28);
        if (UInt32(header, 0) != HeaderSignature || offset > _start || entry.ByteLength > _start - offset)
            throw Invalid(entry.Name, "lies outside the archive, or its header is not there");
        byte[] name = new byte[nameLength];
        ReadExactly(_file, _path, entry.HeaderOffset + HeaderLength, name);
        if (!name.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(entry.Name)) || UInt16(header, 8) != 0 || (UInt16(header, 6) & EncryptedFlags) != 0)
            throw Invalid(entry.Name, "is described in another way by its own header");
        return offset;
    }

    private static (long Start, long Length, long Count) FindDirectory(SafeFileHandle file, string path)
    {
        long fileLength = RandomAccess.GetLength(file);
        byte[] tail = new byte[Math.Min(fileLength, EndLength + ushort.MaxValue)];
        ReadExactly(file, path, fileLength - tail.Length, tail);
        int end = tail.Length - EndLength;
        while (end >= 0 && (UInt32(tail, end) != EndSignature || end + EndLength + UInt16(tail, end + 20) != tail.Length))
            end--;
        if (end < 0)
            throw Errors.PickleInvalid(path, "its zip archive has no directory at its end");
        long endOffset = fileLength - tail.Length + end;
        (long start, long length, long count, bool isWhole) = (
            UInt32(tail, end + 16),
            UInt32(tail, end + 12),
            UInt16(tail, end + 10),
            UInt16(tail, end + 4) == 0
        );
        if (end >= Locator64Length && UInt32(tail, end - Locator64Length) == Locator64Signature)
        {
            long locator = endOffset - Locator64Length;
            long end64 = Int64(tail, end - Locator64Length + 8);
            if (end64 < 0 || end64 > locator - End64Length)
                throw Errors.PickleInvalid(path, "the 64-bit end of its zip archive lies outside the file");
            byte[] record = new byte[End64Length];
            ReadExactly(file, path, end64, record);
            if (UInt32(record, 0) != End64Signature)
                throw Errors.PickleInvalid(path, "the 64-bit end of its zip archive is not where it is said to be");
            (start, length, count, isWhole, endOffset) = (Int64(record, 48), Int64(record, 40), Int64(record, 32), UInt32(record, 16) == 0, end64);
        }
        if (!isWhole)
            throw Errors.PickleInvalid(path, "its zip archive is split into several files");
        if (start < 0 || length < 0 || start > endOffset || length > endOffset - start)
            throw Errors.PickleInvalid(path, $"the directory of its zip archive claims {length} bytes from byte {start} on, but ends before byte {endOffset}");
        return (start, length, count);
    }

    /// <summary>Adds the first entry of the rest of the directory, and returns its length there.</summary>
    private int Add(ReadOnlySpan<byte> rest)
    {
        if (rest.Length < EntryLength || UInt32(rest, 0) != EntrySignature)
            throw Errors.PickleInvalid(_path, $"the directory of its zip archive is damaged behind {_entries.Count} entries");
        int nameLength = UInt16(rest, 28);
        int extraLength = UInt16(rest, 30);
        int length = EntryLength + nameLength + extraLength + UInt16(rest, 32);
        if (length > rest.Length)
            throw Errors.PickleInvalid(_path, $"the directory of its zip archive is cut behind {_entries.Count} entries");
        string name = Encoding.UTF8.GetString(rest.Slice(EntryLength, nameLength));
        if (name is "" or ['/', ..] or [_, ':', ..] || name.AsSpan().ContainsAny('\\', '\0') || name.Split('/').Contains(".."))
            throw Invalid(name, "would lie outside a folder that it is unpacked into, which no file of PyTorch does");
        (long byteLength, long packedByteLength, long offset) = Sizes(name, rest, rest.Slice(EntryLength + nameLength, extraLength));
        bool isEncrypted = (UInt16(rest, 8) & EncryptedFlags) != 0, isCompressed = UInt16(rest, 10) != 0;
        if (!_entries.TryAdd(name, new ZipEntry(name, isEncrypted, isCompressed, byteLength, packedByteLength, offset, UInt32(rest, 16))))
            throw Invalid(name, "is there twice");
        return length;
    }

    /// <summary>Fields that are all ones stand in the extra field with number 1, in this order, 64 bits each.</summary>
    private (long ByteLength, long PackedByteLength, long Offset) Sizes(string name, ReadOnlySpan<byte> entry, ReadOnlySpan<byte> extra)
    {
        ReadOnlySpan<byte> wide = default;
        while (extra.Length >= 4)
        {
            int length = UInt16(extra, 2);
            if (length > extra.Length - 4)
                throw Invalid(name, "has a damaged extra field");
            if (UInt16(extra, 0) == 1)
                wide = extra.Slice(4, length);
            extra = extra[(4 + length)..];
        }
        Span<long> values = [UInt32(entry, 24), UInt32(entry, 20), UInt32(entry, 42)];
        foreach (ref long value in values)
        {
            if (value != uint.MaxValue)
                continue;
            if (wide.Length < sizeof(long))
                throw Invalid(name, "lacks its 64-bit sizes");
            value = Int64(wide, 0);
            if (value < 0)
                throw Invalid(name, "has a negative size or place");
            wide = wide[sizeof(long)..];
        }
        return (values[0], values[1], values[2]);
    }

    private static void ReadExactly(SafeFileHandle file, string path, long offset, Span<byte> destination)
    {
        for (int read; !destination.IsEmpty; destination = destination[read..], offset += read)
        {
            read = RandomAccess.Read(file, destination, offset);
            if (read == 0)
                throw Errors.InputChangedDuringMerge(path);
        }
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]);

    private static uint UInt32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    private static long Int64(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadInt64LittleEndian(bytes[offset..]);

    private LoraMergeException Invalid(string name, string reason) => Errors.PickleInvalid(_path, $"'{name}' in its zip archive {reason}");
}
