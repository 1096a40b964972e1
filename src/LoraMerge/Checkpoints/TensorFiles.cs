using System.IO.Hashing;
using System.Security.Cryptography;
using LoraMerge.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Checkpoints;

/// <summary>Reads bytes of stored tensors; each file is opened once and stays open until the end. One reader at a time.</summary>
/// <remarks>
/// It can hash the files that it reads on the way, and compare their checksums, so that a merge that does not know them yet reads them only once.
/// </remarks>
/// <param name="hashed">The files to be hashed.</param>
/// <param name="isPinned">Whether a file that is hashed gets its SHA-256 too; null for none.</param>
internal sealed class TensorFiles(IEnumerable<Shard>? hashed = null, Func<string, bool>? isPinned = null) : IDisposable
{
    private const int LargestRead = 0x4000_0000;

    /// <summary>Bytes that are still in the processor's cache when they are hashed after they were read.</summary>
    private const int CachedLength = 1 << 18;

    private readonly Dictionary<string, Shard> _hashed = (hashed ?? []).ToDictionary(shard => shard.File, StringComparer.Ordinal);
    private readonly Dictionary<string, OpenFile> _files = new(StringComparer.Ordinal);
    private (object Key, object State)? _kept;

    /// <summary>Bytes that were read so far.</summary>
    public long ReadByteLength => _files.Values.Sum(file => file.ReadByteLength);

    /// <summary>Reads a file whole, where it has checksums, and compares them.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA1111, LORA2037.</exception>
    public static void ThrowIfDamaged(Shard shard)
    {
        if (shard.Checksums.IsEmpty)
            return;
        using var files = new TensorFiles([shard]);
        files.HashOf(shard.File);
    }

    /// <summary>Fills <paramref name="destination"/> with the tensor's bytes from <paramref name="byteOffset"/> on.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA1111, LORA2037.</exception>
    public void ReadInto(StoredTensor tensor, long byteOffset, Span<byte> destination)
    {
        try
        {
            OpenFile file = Open(tensor.File);
            if (tensor.Packing is { } packing)
                ReadPacked(tensor, packing, file, byteOffset, destination);
            else if (!tensor.Strides.IsDefault)
                StridedRead.Into(tensor, byteOffset, destination, (from, bytes) => Read(file, from, bytes)); // hashed later, with a gap
            else
                ReadOn(file, tensor.FileOffset + byteOffset, destination);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(tensor.File, e);
        }
    }

    /// <summary>What reading one tensor needs from call to call, such as its scales; held until another one is read.</summary>
    /// <param name="key">Stands for the tensor.</param>
    /// <param name="make">Makes it, with these files.</param>
    public T Kept<T>(object key, Func<T> make)
        where T : class
    {
        if (_kept is not { } kept || !ReferenceEquals(kept.Key, key))
        {
            _kept = null; // before the next one takes its memory
            _kept = kept = (key, make());
        }
        return (T)kept.State;
    }

    /// <summary>XxHash128 of a whole file, as 32 hexadecimal digits; reads what no tensor has read yet.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA1111, LORA2037.</exception>
    public string HashOf(string path)
    {
        try
        {
            OpenFile file = Open(path);
            HashUpTo(file, RandomAccess.GetLength(file.Handle));
            return Convert.ToHexStringLower(file.Hash!.GetCurrentHash());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(path, e);
        }
    }

    /// <summary>SHA-256 of a whole file that is pinned, as 64 hexadecimal digits; reads what no tensor has read yet.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA1111, LORA2037.</exception>
    public string Sha256Of(string path)
    {
        HashOf(path);
        return Convert.ToHexStringLower(_files[path].Sha256!.GetCurrentHash());
    }

    public void Dispose()
    {
        foreach (OpenFile file in _files.Values)
        {
            file.Handle.Dispose();
            file.Sha256?.Dispose();
        }
    }

    private static void ReadPacked(StoredTensor tensor, TensorPacking packing, OpenFile file, long byteOffset, Span<byte> destination)
    {
        if (tensor.Strides.IsDefault)
            ReadValues(tensor.FileOffset + byteOffset, destination);
        else
            StridedRead.Into(tensor, byteOffset, destination, ReadValues);

        void ReadValues(long from, Span<byte> values) => packing.ReadInto((offset, bytes) => ReadOn(file, offset, bytes), from, values);
    }

    /// <summary>Reads, and hashes on the way.</summary>
    private static void ReadOn(OpenFile file, long offset, Span<byte> destination)
    {
        HashUpTo(file, offset);
        // A tensor that is read again, or before one that lies ahead of it, was hashed with the gap.
        if (file.Hash is not null && offset == file.HashedLength)
            ReadAndHash(file, destination);
        else
            Read(file, offset, destination);
    }

    private static void HashUpTo(OpenFile file, long offset)
    {
        if (file.Hash is null || file.HashedLength >= offset)
            return;
        byte[] buffer = new byte[Math.Min(CachedLength, offset - file.HashedLength)];
        while (file.HashedLength < offset)
            ReadAndHash(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, offset - file.HashedLength)));
    }

    private static void ReadAndHash(OpenFile file, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            Span<byte> piece = destination[..Math.Min(destination.Length, CachedLength)];
            Read(file, file.HashedLength, piece);
            file.Hash!.Append(piece);
            file.Sha256?.AppendData(piece);
            file.Checksums!.Append(file.HashedLength, piece);
            file.HashedLength += piece.Length;
            destination = destination[piece.Length..];
        }
    }

    private static void Read(OpenFile file, long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int read = RandomAccess.Read(file.Handle, destination[..Math.Min(destination.Length, LargestRead)], offset);
            if (read == 0)
                throw Errors.InputChangedDuringMerge(file.Path);
            destination = destination[read..];
            offset += read;
            file.ReadByteLength += read;
        }
    }

    private OpenFile Open(string path)
    {
        if (!_files.TryGetValue(path, out OpenFile? file))
        {
            SafeFileHandle handle = File.OpenHandle(path, options: FileOptions.SequentialScan);
            _files[path] = file = _hashed.TryGetValue(path, out Shard? shard)
                ? new OpenFile(path, handle, new XxHash128(), new ChecksumWatch(path, shard.Checksums))
                {
                    Sha256 = isPinned?.Invoke(path) == true ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null,
                }
                : new OpenFile(path, handle, null, null);
        }
        return file;
    }

    private sealed record OpenFile(string Path, SafeFileHandle Handle, XxHash128? Hash, ChecksumWatch? Checksums)
    {
        public IncrementalHash? Sha256 { get; init; }

        public long HashedLength { get; set; }

        public long ReadByteLength { get; set; }
    }
}
