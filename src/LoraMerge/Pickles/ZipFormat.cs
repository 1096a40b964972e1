using System.IO.Hashing;
using LoraMerge.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Pickles;

/// <summary>PyTorch 1.6 and later: a zip archive with <c>data.pkl</c> and a file for each storage in <c>data/</c>, below one folder.</summary>
internal sealed class ZipFormat
{
    private const string PickleName = "data.pkl";

    private readonly SafeFileHandle _file;
    private readonly ZipDirectory _directory;
    private readonly string _path;
    private readonly string _folder;
    private readonly Dictionary<string, StorageRange> _ranges = new(StringComparer.Ordinal);
    private readonly HashSet<long> _taken = [];
    private readonly List<ChecksumRange> _checksums = [];

    private ZipFormat(SafeFileHandle file, ZipDirectory directory, string path, string folder)
    {
        _file = file;
        _directory = directory;
        _path = path;
        _folder = folder;
    }

    /// <returns>The pickle's value, what finds a storage that it names, and the checksums of the storages that were found.</returns>
    /// <exception cref="LoraMergeException">LORA2014 to 2016, 2018, 2037.</exception>
    public static (PickleValue Root, Func<StorageClaim, StorageRange> Find, IReadOnlyList<ChecksumRange> Checksums) Read(SafeFileHandle file, string path)
    {
        ZipDirectory directory = ZipDirectory.Read(file, path);
        string[] pickles = [.. directory.Names.Where(name => name.EndsWith("/" + PickleName, StringComparison.Ordinal) && name.Count(c => c == '/') == 1)];
        if (pickles is not [var pickle])
            throw Errors.PickleInvalid(path, $"its zip archive holds {pickles.Length} files '<name>/{PickleName}', and one is expected");
        string folder = pickle[..^PickleName.Length];
        if (directory.Find(folder + "constants.pkl") is not null)
            throw Errors.PickleContentUnclear(path, "it is a TorchScript program, not a state dict");
        var format = new ZipFormat(file, directory, path, folder);
        format.ThrowIfBigEndian();
        ZipEntry entry = directory.Find(pickle)!;
        var bytes = new PickleBytes(file, path, format.SoundOffset(entry), entry.ByteLength);
        return (new PickleMachine(bytes, path).Run(), format.Find, format._checksums);
    }

    private void ThrowIfBigEndian()
    {
        if (_directory.Find(_folder + "byteorder") is not { } entry)
            return;
        Span<byte> order = stackalloc byte[8];
        int length = RandomAccess.Read(_file, order[..(int)Math.Min(order.Length, entry.ByteLength)], SoundOffset(entry));
        if (!order[..length].SequenceEqual("little"u8))
            throw Errors.PickleNotReadable(_path, "it was saved on a machine whose numbers begin with their highest byte");
    }

    /// <summary>Where the bytes of a file lie that is read at once, and whose checksum is therefore compared now.</summary>
    private long SoundOffset(ZipEntry entry)
    {
        long offset = _directory.DataOffset(entry);
        if (entry.Checksum == 0 || entry.ByteLength > PickleBytes.MaxLength)
            return offset;
        var checksum = new Crc32();
        byte[] piece = new byte[1 << 16];
        for (long done = 0; done < entry.ByteLength;)
        {
            int read = RandomAccess.Read(_file, piece.AsSpan(0, (int)Math.Min(piece.Length, entry.ByteLength - done)), offset + done);
            if (read == 0)
                throw Errors.InputChangedDuringMerge(_path);
            checksum.Append(piece.AsSpan(0, read));
            done += read;
        }
        if (checksum.GetCurrentHashAsUInt32() is var found && found != entry.Checksum)
            throw Errors.PickleDamaged(_path, entry.Name, entry.Checksum, found);
        return offset;
    }

    private StorageRange Find(StorageClaim claim)
    {
        if (!_ranges.TryGetValue(claim.Key, out StorageRange range))
            _ranges[claim.Key] = range = Locate(claim.Key);
        if ((Int128)claim.ElementCount * claim.BytesPerElement != range.ByteLength)
            throw Errors.PickleInvalid(
                _path,
                $"its pickle gives storage '{claim.Key}' {claim.ElementCount} elements of {claim.BytesPerElement} bytes, but it has {range.ByteLength} bytes"
            );
        return range;
    }

    private StorageRange Locate(string key)
    {
        ZipEntry entry =
            _directory.Find($"{_folder}data/{key}")
            ?? throw Errors.PickleInvalid(_path, $"its pickle names the storage '{key}', which is not in its zip archive");
        var range = new StorageRange(_directory.DataOffset(entry), entry.ByteLength);
        if (range.ByteLength > 0 && !_taken.Add(range.FileOffset))
            throw Errors.PickleInvalid(_path, $"storage '{key}' and another one lie at the same place of its zip archive");
        if (entry.Checksum != 0 && range.ByteLength > 0)
            _checksums.Add(new ChecksumRange(entry.Name, range.FileOffset, range.ByteLength, entry.Checksum));
        return range;
    }
}
