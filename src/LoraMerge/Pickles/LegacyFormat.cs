using System.Buffers.Binary;
using LoraMerge.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Pickles;

/// <summary>
/// PyTorch before 1.6: five pickles (magic number, version, machine, the object, keys of the storages), and behind them the storages in the order of those
/// keys.
/// </summary>
/// <remarks>Each storage is its number of elements in 64 bits and its bytes, little-endian on every machine: <c>THPStorage_writeFileRaw</c>.</remarks>
internal sealed class LegacyFormat
{
    private const int ProtocolVersion = 1001;
    private static readonly Int128 MagicNumber = new(0x1950, 0xa86a20f9469cfc6c);

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly Dictionary<string, int> _bytesPerElement = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StorageRange> _ranges = new(StringComparer.Ordinal);

    private LegacyFormat(SafeFileHandle file, string path)
    {
        _file = file;
        _path = path;
    }

    /// <returns>The fourth pickle's value, what finds a storage that it names, and no checksums: there are none.</returns>
    /// <exception cref="LoraMergeException">LORA2014, 2015.</exception>
    public static (PickleValue Root, Func<StorageClaim, StorageRange> Find, IReadOnlyList<ChecksumRange> Checksums) Read(SafeFileHandle file, string path)
    {
        var format = new LegacyFormat(file, path);
        var bytes = new PickleBytes(file, path, 0, RandomAccess.GetLength(file));
        var machine = new PickleMachine(bytes, path);
        if (machine.Run() is not PickleValue.Integer { Value: var magic } || magic != MagicNumber)
            throw Errors.PickleInvalid(path, "it is a pickle, but not one of torch.save: its first value is not PyTorch's magic number");
        if (machine.Run() is not PickleValue.Integer { Value: var version } || version != ProtocolVersion)
            throw Errors.PickleInvalid(path, $"the version of its format is not {ProtocolVersion}");
        machine.Run();
        PickleValue root = machine.Run();
        foreach (StorageClaim claim in machine.Storages)
            format._bytesPerElement.TryAdd(claim.Key, claim.BytesPerElement);
        if (machine.Run() is not PickleValue.Sequence keys)
            throw Errors.PickleInvalid(path, "its list of storages is missing");
        format.Locate(keys.Items, bytes.FileOffset);
        return (root, format.Find, []);
    }

    private void Locate(List<PickleValue> keys, long offset)
    {
        long fileLength = RandomAccess.GetLength(_file);
        Span<byte> header = stackalloc byte[sizeof(long)];
        foreach (PickleValue item in keys)
        {
            if (item is not PickleValue.Text { Value: var key } || !_bytesPerElement.TryGetValue(key, out int bytesPerElement))
                throw Errors.PickleInvalid(_path, "its list of storages names one that no tensor uses");
            if (fileLength - offset < header.Length || RandomAccess.Read(_file, header, offset) < header.Length)
                throw Errors.PickleInvalid(_path, $"it ends before storage '{key}'");
            long count = BinaryPrimitives.ReadInt64LittleEndian(header);
            offset += header.Length;
            if (count < 0 || count > (fileLength - offset) / bytesPerElement)
                throw Errors.PickleInvalid(
                    _path,
                    $"storage '{key}' claims {count} elements of {bytesPerElement} bytes, but only {fileLength - offset} bytes follow"
                );
            if (!_ranges.TryAdd(key, new StorageRange(offset, count * bytesPerElement)))
                throw Errors.PickleInvalid(_path, $"storage '{key}' is listed twice");
            offset += count * bytesPerElement;
        }
    }

    private StorageRange Find(StorageClaim claim)
    {
        if (!_ranges.TryGetValue(claim.Key, out StorageRange range))
            throw Errors.PickleInvalid(_path, $"its pickle names the storage '{claim.Key}', which its list of storages lacks");
        if ((Int128)claim.ElementCount * claim.BytesPerElement != range.ByteLength)
            throw Errors.PickleInvalid(
                _path,
                $"its pickle gives storage '{claim.Key}' {claim.ElementCount} elements of {claim.BytesPerElement} bytes, but it has {range.ByteLength} bytes"
            );
        return range;
    }
}
