using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Safetensors;

/// <summary>An open file whose header has been checked. Its methods may be called from several threads at once.</summary>
public sealed class SafetensorsReader : IDisposable
{
    private readonly SafeFileHandle _file;

    private SafetensorsReader(string path, SafeFileHandle file)
    {
        Path = path;
        _file = file;
        Header = SafetensorsHeader.Read(file, path, out byte[] bytes);
        HeaderBytes = bytes;
    }

    /// <summary>The path as given to <see cref="Open"/>.</summary>
    public string Path { get; }

    /// <summary>The checked header.</summary>
    public SafetensorsHeader Header { get; }

    /// <summary>The file up to its data section, exactly as it was parsed: with the tensors in order behind it, these are all bytes of the file.</summary>
    public ReadOnlyMemory<byte> HeaderBytes { get; }

    /// <summary>Opens a file and checks its header. Others may read it meanwhile, not write.</summary>
    /// <exception cref="SafetensorsFormatException">The file breaks the rules of the format.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public static SafetensorsReader Open(string path)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.SequentialScan);
        try
        {
            return new SafetensorsReader(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Fills the destination with bytes of a tensor.</summary>
    /// <param name="tensor">An entry of this file's header.</param>
    /// <param name="byteOffset">Where to begin, from the start of the tensor.</param>
    /// <param name="destination">As many bytes as are wanted; no more than the tensor has from there on.</param>
    /// <exception cref="SafetensorsFormatException">Truncated: the file was cut after it was opened.</exception>
    public void ReadInto(TensorEntry tensor, long byteOffset, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        if (!Header.TryFind(tensor.Name, out TensorEntry? own) || !own.Equals(tensor))
            throw new ArgumentException($"'{tensor.Name}' {tensor.ShapeText} is not an entry of '{Path}'.", nameof(tensor));
        if (destination.Length > tensor.ByteLength - byteOffset)
        {
            throw new ArgumentOutOfRangeException(nameof(byteOffset),
                $"'{tensor.Name}' has {tensor.ByteLength} bytes; {destination.Length} cannot be read from byte {byteOffset} on.");
        }

        FileBytes.ReadExactly(_file, Header.DataOffset + tensor.ByteOffset + byteOffset, destination, Path);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();
}
