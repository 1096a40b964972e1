using LoraMerge.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Pickles;

/// <summary>PyTorch 1.6 and later: a zip archive with <c>data.pkl</c> and a file for each storage in <c>data/</c>, below one folder.</summary>
internal sealed class ZipFormat
{
    private const string PickleName = "data.pkl";

    private readonly ZipDirectory _directory;
    private readonly string _path;
    private readonly string _folder;
    private readonly Dictionary<string, StorageRange> _ranges = new(StringComparer.Ordinal);
    private readonly HashSet<long> _taken = [];

    private ZipFormat(ZipDirectory directory, string path, string folder)
    {
        _directory = directory;
        _path = path;
        _folder = folder;
    }

    /// <returns>The pickle's value, and what finds a storage that it names.</returns>
    /// <exception cref="LoraMergeException">LORA2014 to 2016, 2018.</exception>
    public static (PickleValue Root, Func<StorageClaim, StorageRange> Find) Read(SafeFileHandle file, string path)
    {
        ZipDirectory directory = ZipDirectory.Read(file, path);
        string[] pickles = [.. directory.Names.Where(name => name.EndsWith("/" + PickleName, StringComparison.Ordinal) && name.Count(c => c == '/') == 1)];
        if (pickles is not [var pickle])
            throw Errors.PickleInvalid(path, $"its zip archive holds {pickles.Length} files '<name>/{PickleName}', and one is expected");
        string folder = pickle[..^PickleName.Length];
        if (directory.Find(folder + "constants.pkl") is not null)
            throw Errors.PickleContentUnclear(path, "it is a TorchScript program, not a state dict");
        ThrowIfBigEndian(directory, folder, file, path);
        ZipEntry entry = directory.Find(pickle)!;
        var bytes = new PickleBytes(file, path, directory.DataOffset(entry), entry.ByteLength);
        return (new PickleMachine(bytes, path).Run(), new ZipFormat(directory, path, folder).Find);
    }

    private static void ThrowIfBigEndian(ZipDirectory directory, string folder, SafeFileHandle file, string path)
    {
        if (directory.Find(folder + "byteorder") is not { } entry)
            return;
        Span<byte> order = stackalloc byte[8];
        int length = RandomAccess.Read(file, order[..(int)Math.Min(order.Length, entry.ByteLength)], directory.DataOffset(entry));
        if (!order[..length].SequenceEqual("little"u8))
            throw Errors.PickleNotReadable(path, "it was saved on a machine whose numbers begin with their highest byte");
    }

    private StorageRange Find(StorageClaim claim)
    {
        if (!_ranges.TryGetValue(claim.Key, out StorageRange range))
            _ranges[claim.Key] = range = Locate(claim.Key);
        if ((Int128)claim.ElementCount * claim.BytesPerElement != range.ByteLength)
            throw Errors.PickleInvalid(_path, $"its pickle gives storage '{claim.Key}' {claim.ElementCount} elements of {claim.BytesPerElement} bytes, but it has {range.ByteLength} bytes");
        return range;
    }

    private StorageRange Locate(string key)
    {
        ZipEntry entry = _directory.Find($"{_folder}data/{key}") ?? throw Errors.PickleInvalid(_path, $"its pickle names the storage '{key}', which is not in its zip archive");
        var range = new StorageRange(_directory.DataOffset(entry), entry.ByteLength);
        if (range.ByteLength > 0 && !_taken.Add(range.FileOffset))
            throw Errors.PickleInvalid(_path, $"storage '{key}' and another one lie at the same place of its zip archive");
        return range;
    }
}
