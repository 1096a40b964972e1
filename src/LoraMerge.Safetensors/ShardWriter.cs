namespace LoraMerge.Safetensors;

/// <summary>
/// Writes a file beside its path and moves it there when it is complete: under the path lies the old file, or the new one, never half of it.
/// <see cref="Write"/> may be called from several threads at once.
/// </summary>
public sealed class ShardWriter : IDisposable
{
    private readonly Dictionary<string, WrittenRanges> _written = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly OutputFile _file;
    private bool _isClosed;

    private ShardWriter(string path, ShardLayout layout, OutputFile file)
    {
        Path = path;
        Layout = layout;
        _file = file;
    }

    /// <summary>Where the file will be.</summary>
    public string Path { get; }

    /// <summary>What is being written.</summary>
    public ShardLayout Layout { get; }

    private string PartialPath => PartialOf(Path);

    /// <summary>Starts a file at <paramref name="path"/> + <c>.partial</c>, in a folder that exists, and reserves its full length on the disk.</summary>
    /// <exception cref="IOException">The disk has no room, or another process writes the same file.</exception>
    public static ShardWriter Create(string path, ShardLayout layout)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(layout);
        return new ShardWriter(path, layout, OutputFile.Create(PartialOf(path), layout.FileLength));
    }

    /// <summary>Writes bytes of a tensor, in any order; each byte once.</summary>
    /// <param name="tensor">An entry of the layout, or one of another file with the same name, dtype and shape.</param>
    /// <param name="byteOffset">Where they go, from the start of the tensor.</param>
    /// <param name="bytes">No more than the tensor has from there on.</param>
    /// <exception cref="InvalidOperationException">Some of these bytes have been written before.</exception>
    public void Write(TensorEntry tensor, long byteOffset, ReadOnlySpan<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (!Layout.TryFind(tensor.Name, out TensorEntry? own))
            throw new ArgumentException($"'{tensor.Name}' is not in the layout of '{Path}'.", nameof(tensor));
        if (!own.HasDataLike(tensor))
        {
            throw new ArgumentException($"'{tensor.Name}' is {tensor.DType.HeaderName()} {tensor.ShapeText}, "
                + $"but the layout of '{Path}' has {own.DType.HeaderName()} {own.ShapeText}.", nameof(tensor));
        }

        if (bytes.Length > own.ByteLength - byteOffset)
        {
            throw new ArgumentOutOfRangeException(nameof(byteOffset),
                $"'{tensor.Name}' has {own.ByteLength} bytes; {bytes.Length} do not fit in from byte {byteOffset} on.");
        }

        _file.Write(Layout.DataOffset + own.ByteOffset + byteOffset, bytes);
        Record(own, byteOffset, bytes.Length); // after the write: a write that failed does not count
    }

    /// <summary>Completes the file, flushes it to the disk and moves it to its path, over a file that lies there.</summary>
    /// <exception cref="InvalidOperationException">A tensor lacks bytes. More may be written, and Commit called again.</exception>
    /// <exception cref="IOException">The disk did not take the file, or it cannot be moved.</exception>
    public void Commit()
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        ThrowIfIncomplete();

        _file.Write(0, Layout.HeaderBytes.Span); // last, so that no partial file looks like a whole one
        _file.FlushToDisk();
        _file.Dispose();
        File.Move(PartialPath, Path, overwrite: true);
        _isClosed = true;
    }

    /// <summary>Without a <see cref="Commit"/> before: deletes what has been written.</summary>
    public void Dispose()
    {
        if (_isClosed)
            return;

        _isClosed = true;
        _file.Discard();
    }

    private static string PartialOf(string path) => path + ".partial";

    private void Record(TensorEntry tensor, long byteOffset, int byteLength)
    {
        lock (_lock)
        {
            if (!_written.TryGetValue(tensor.Name, out WrittenRanges? ranges))
                _written.Add(tensor.Name, ranges = new WrittenRanges());
            if (!ranges.TryAdd(byteOffset, byteOffset + byteLength))
            {
                throw new InvalidOperationException(
                    $"Bytes {byteOffset} to {byteOffset + byteLength} of '{tensor.Name}' overlap with what has been written to '{Path}' before.");
            }
        }
    }

    private void ThrowIfIncomplete()
    {
        lock (_lock)
        {
            foreach (TensorEntry tensor in Layout.Tensors)
            {
                long written = _written.TryGetValue(tensor.Name, out WrittenRanges? ranges) ? ranges.ByteLength : 0;
                if (written != tensor.ByteLength)
                    throw new InvalidOperationException($"'{tensor.Name}' of '{Path}' has {tensor.ByteLength} bytes, of which {written} have been written.");
            }
        }
    }
}
