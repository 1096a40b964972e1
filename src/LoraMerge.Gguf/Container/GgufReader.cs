using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Gguf.Container;

/// <summary>An open file whose header has been checked. Its methods may be called from several threads at once.</summary>
internal sealed class GgufReader : IDisposable
{
    private readonly SafeFileHandle _file;

    private GgufReader(string path, SafeFileHandle file)
    {
        Path = path;
        _file = file;
        Header = GgufHeader.Read(file, path);
    }

    /// <summary>The path as given to <see cref="Open"/>.</summary>
    public string Path { get; }

    public GgufHeader Header { get; }

    /// <summary>Opens a file and checks its header. Others may read it meanwhile, not write.</summary>
    /// <exception cref="GgufFormatException">The file breaks the rules of the format.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public static GgufReader Open(string path)
    {
        // A pipe or a device has no length either, and whoever opens one may wait for ever.
        if (IsEmpty(path))
            throw new GgufFormatException(GgufFault.Truncated, path, null, "The file has 0 bytes; or it is a pipe or a device, and no file.");
        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.SequentialScan);
        try
        {
            return new GgufReader(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Whether there is a file, wherever a link to it leads, in which nothing is.</summary>
    private static bool IsEmpty(string path)
    {
        var file = new FileInfo(path);
        return (file.ResolveLinkTarget(returnFinalTarget: true) ?? file) is FileInfo { Exists: true, Length: 0 };
    }

    /// <summary>Fills the destination with bytes of a tensor.</summary>
    /// <param name="tensor">An entry of this file's header.</param>
    /// <param name="byteOffset">Where to begin, from the start of the tensor.</param>
    /// <param name="destination">As many bytes as are wanted; no more than the tensor has from there on.</param>
    /// <exception cref="GgufFormatException">Truncated: the file was cut after it was opened.</exception>
    public void ReadInto(GgufTensor tensor, long byteOffset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, tensor.ByteLength - byteOffset, nameof(destination));
        if (!Header.TryFind(tensor.Name, out GgufTensor? own) || !own.Equals(tensor))
            throw new ArgumentException($"'{tensor.Name}' {tensor.ShapeText} is not an entry of '{Path}'.", nameof(tensor));

        long fileOffset = Header.DataOffset + tensor.ByteOffset + byteOffset;
        while (destination.Length > 0) // a read may be short
        {
            int count = RandomAccess.Read(_file, destination, fileOffset);
            if (count == 0)
            {
                throw new GgufFormatException(GgufFault.Truncated, Path, tensor.Name,
                    $"The file ends at byte {fileOffset}, but {destination.Length} more bytes are to be read there. It was cut while it was read.");
            }

            fileOffset += count;
            destination = destination[count..];
        }
    }

    public void Dispose() => _file.Dispose();
}
