using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Safetensors;

/// <summary>A file that is being written, past the system's cache of files where the system can do that. Its methods may be called from several threads.</summary>
/// <remarks>
/// The cache costs a fresh page of memory for all that goes through it, and pushes out the files that somebody will read. Writing past it
/// wants positions, lengths and memory at multiples of <see cref="Alignment"/>, so bytes that follow each other are gathered in an aligned buffer first;
/// what does not fill such a multiple goes the ordinary way. So do small files, and all files where direct writing is refused.
/// </remarks>
internal sealed unsafe class OutputFile : IDisposable
{
    private const int Alignment = 4096;
    private const int BufferLength = 4 << 20;
    private const long SmallestDirectFile = 16 << 20;
    private const int InvalidArgument = 22; // EINVAL

    private readonly SafeFileHandle _file;
    private readonly Lock _lock = new();
    private SafeFileHandle? _direct;
    private byte* _buffer;
    private long _bufferOffset; // of the buffer's first byte in the file
    private int _gathered;

    private OutputFile(SafeFileHandle file, SafeFileHandle? direct)
    {
        _file = file;
        _direct = direct;
        if (direct is not null)
            _buffer = (byte*)NativeMemory.AlignedAlloc(BufferLength, Alignment);
    }

    /// <summary>Makes an empty file, over one that lies there, and reserves its length on the disk.</summary>
    /// <exception cref="IOException">The disk has no room, or another process writes the same file.</exception>
    public static OutputFile Create(string path, long fileLength)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.None, preallocationSize: fileLength);
        return new OutputFile(file, fileLength >= SmallestDirectFile ? DirectFiles.TryOpen(path) : null);
    }

    public void Write(long fileOffset, ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            if (_direct is null)
                RandomAccess.Write(_file, bytes, fileOffset);
            else
                Gather(fileOffset, bytes);
        }
    }

    /// <summary>Brings all that has been written to the disk.</summary>
    public void FlushToDisk()
    {
        lock (_lock)
        {
            WriteGathered();
            RandomAccess.FlushToDisk(_file);
        }
    }

    public void Dispose()
    {
        _direct?.Dispose();
        _file.Dispose();
        NativeMemory.AlignedFree(_buffer);
        _buffer = null;
    }

    private void Gather(long fileOffset, ReadOnlySpan<byte> bytes)
    {
        if (fileOffset != _bufferOffset + _gathered)
        {
            WriteGathered();
            int head = (int)Math.Min(bytes.Length, -fileOffset & (Alignment - 1));
            RandomAccess.Write(_file, bytes[..head], fileOffset);
            bytes = bytes[head..];
            _bufferOffset = fileOffset + head;
        }
        while (!bytes.IsEmpty)
        {
            int count = Math.Min(bytes.Length, BufferLength - _gathered);
            bytes[..count].CopyTo(new Span<byte>(_buffer + _gathered, count));
            _gathered += count;
            bytes = bytes[count..];
            if (_gathered == BufferLength)
                WriteGathered();
        }
    }

    private void WriteGathered()
    {
        var gathered = new ReadOnlySpan<byte>(_buffer, _gathered);
        int aligned = _bufferOffset % Alignment == 0 ? _gathered / Alignment * Alignment : 0;
        WriteAligned(gathered[..aligned]);
        RandomAccess.Write(_file, gathered[aligned..], _bufferOffset + aligned);
        _bufferOffset += _gathered;
        _gathered = 0;
    }

    private void WriteAligned(ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_direct ?? _file, bytes, _bufferOffset);
        }
        catch (IOException e) when (e.HResult == InvalidArgument && _direct is not null)
        {
            // Some file systems refuse only now, or want a larger alignment.
            _direct.Dispose();
            _direct = null;
            RandomAccess.Write(_file, bytes, _bufferOffset);
        }
    }
}
