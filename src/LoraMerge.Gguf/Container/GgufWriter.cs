using LoraMerge.Safetensors;

namespace LoraMerge.Gguf.Container;

/// <summary>
/// Writes a file beside its path, front to back, and moves it there when it is complete: under the path lies the old file, or the new one, never half
/// of it.
/// </summary>
internal sealed class GgufWriter : IDisposable
{
    private readonly OutputFile _file;
    private int _tensor;
    private long _written; // of that tensor
    private long _fileOffset;
    private bool _isClosed;

    private GgufWriter(string path, GgufFileLayout layout, OutputFile file)
    {
        Path = path;
        Layout = layout;
        _file = file;
        _fileOffset = layout.HeaderBytes.Length;
        SkipEmptyTensors();
    }

    /// <summary>Where the file will be.</summary>
    public string Path { get; }

    /// <summary>What is being written.</summary>
    public GgufFileLayout Layout { get; }

    private string PartialPath => PartialOf(Path);

    private bool IsComplete => _tensor == Layout.Tensors.Length;

    /// <summary>Starts a file at <paramref name="path"/> + <c>.partial</c>, in a folder that exists, and reserves its full length on the disk.</summary>
    /// <exception cref="IOException">The disk has no room, or another process writes the same file.</exception>
    public static GgufWriter Create(string path, GgufFileLayout layout) => new(path, layout, OutputFile.Create(PartialOf(path), layout.FileLength));

    /// <summary>Writes the next bytes: of the tensor that is being written, or the first ones of the tensor after it.</summary>
    /// <param name="tensor">An entry of the layout.</param>
    /// <param name="byteOffset">Where they go, from the start of the tensor.</param>
    /// <param name="bytes">No more than the tensor has from there on.</param>
    /// <exception cref="ArgumentException">Other bytes come next.</exception>
    public void Write(GgufTensor tensor, long byteOffset, ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (bytes.IsEmpty)
            return;
        GgufTensor? expected = IsComplete ? null : Layout.Tensors[_tensor];
        if (expected is null || !expected.Equals(tensor) || byteOffset != _written || bytes.Length > expected.ByteLength - byteOffset)
        {
            throw new ArgumentException($"Bytes {byteOffset} to {byteOffset + bytes.Length} of '{tensor.Name}' are given, but "
                + (expected is null
                    ? "all tensors are complete."
                    : $"byte {_written} of {expected.ByteLength} of '{expected.Name}' comes next."), nameof(tensor));
        }

        _file.Write(_fileOffset, bytes);
        _fileOffset += bytes.Length;
        _written += bytes.Length;
        if (_written == expected.ByteLength)
            EndTensor();
    }

    /// <summary>Completes the file, flushes it to the disk and moves it to its path, over a file that lies there.</summary>
    /// <exception cref="InvalidOperationException">A tensor lacks bytes.</exception>
    public void Commit()
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (!IsComplete)
            throw new InvalidOperationException(
                $"'{Layout.Tensors[_tensor].Name}' of '{Path}' has {Layout.Tensors[_tensor].ByteLength} bytes, of which {_written} have been written.");

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

    private void EndTensor()
    {
        Span<byte> zeros = stackalloc byte[GgufFileLayout.Alignment];
        zeros.Clear();
        int padding = (int)(GgufFileLayout.Padded(_fileOffset) - _fileOffset);
        _file.Write(_fileOffset, zeros[..padding]); // in its turn: a gap would end the direct writing of what follows
        _fileOffset += padding;
        _tensor++;
        _written = 0;
        SkipEmptyTensors();
    }

    private void SkipEmptyTensors()
    {
        while (!IsComplete && Layout.Tensors[_tensor].ByteLength == 0)
            _tensor++;
    }
}
