using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Safetensors;

/// <summary>
/// A file that is being written, past the system's cache of files where the system can do that. Its methods may be called from several threads.
/// </summary>
/// <remarks>
/// The cache costs a fresh page of memory for all that goes through it, and pushes out the files that somebody will read. Writing past it
/// wants positions, lengths and memory at multiples of <see cref="Alignment"/>, so bytes that follow each other are gathered in an aligned buffer first,
/// while another one is on its way to the disk. What comes out of order or does not fill such a multiple goes the ordinary way, and so do small files,
/// and all files where direct writing is refused.
/// </remarks>
internal sealed unsafe class OutputFile : IDisposable
{
    private const int Alignment = 4096;
    private const int BufferLength = 4 << 20;
    private const long SmallestDirectFile = 16 << 20;
    private const int InvalidArgument = 22; // EINVAL

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly Lock _lock = new();
    private SafeFileHandle? _direct;
    private byte* _buffer;
    private byte* _otherBuffer;
    private Task _writing = Task.CompletedTask; // of the other buffer
    private long? _bufferOffset; // of the buffer's first byte in the file; null before the first write
    private int _gathered;

    private OutputFile(string path, SafeFileHandle file, SafeFileHandle? direct)
    {
        _path = path;
        _file = file;
        _direct = direct;
        if (direct is null)
            return;
        _buffer = (byte*)NativeMemory.AlignedAlloc(BufferLength, Alignment);
        _otherBuffer = (byte*)NativeMemory.AlignedAlloc(BufferLength, Alignment);
    }

    /// <summary>Makes an empty file, over one that lies there, and reserves its length on the disk.</summary>
    /// <exception cref="IOException">The disk has no room, or another process writes the same file.</exception>
    public static OutputFile Create(string path, long fileLength)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.None, preallocationSize: fileLength);
        return new OutputFile(path, file, fileLength >= SmallestDirectFile ? DirectFiles.TryOpen(path) : null);
    }

    public void Write(long fileOffset, ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            if (_buffer is not null && fileOffset == (_bufferOffset ??= fileOffset) + _gathered)
                Gather(fileOffset, bytes);
            else
                RandomAccess.Write(_file, bytes, fileOffset);
        }
    }

    /// <summary>Brings all that has been written to the disk.</summary>
    /// <exception cref="DiskFlushException">The disk did not take it.</exception>
    public void FlushToDisk()
    {
        lock (_lock)
        {
            WriteGathered();
            _writing.GetAwaiter().GetResult();
            DiskFlush.OfFile(_file, _path);
        }
    }

    public void Dispose()
    {
        Task.WaitAny(_writing); // which uses a buffer; whether it succeeded was asked before, or does not matter any more
        _direct?.Dispose();
        _file.Dispose();
        NativeMemory.AlignedFree(_buffer);
        NativeMemory.AlignedFree(_otherBuffer);
        _buffer = _otherBuffer = null;
    }

    /// <summary>Closes and deletes the file. One that cannot be deleted stays: what led here is the fault to tell.</summary>
    public void Discard()
    {
        Dispose();
        try
        {
            File.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private void Gather(long fileOffset, ReadOnlySpan<byte> bytes)
    {
        if (_gathered == 0)
        {
            int head = (int)Math.Min(bytes.Length, -fileOffset & (Alignment - 1));
            RandomAccess.Write(_file, bytes[..head], fileOffset);
            _bufferOffset = fileOffset + head;
            bytes = bytes[head..];
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
        _writing.GetAwaiter().GetResult();
        if (_gathered == 0)
            return;
        byte* buffer = _buffer;
        long offset = _bufferOffset!.Value;
        int aligned = _gathered / Alignment * Alignment;
        RandomAccess.Write(_file, new ReadOnlySpan<byte>(buffer + aligned, _gathered - aligned), offset + aligned);
        _writing = Task.Run(() => WriteAligned(new ReadOnlySpan<byte>(buffer, aligned), offset));
        _buffer = _otherBuffer;
        _otherBuffer = buffer;
        _bufferOffset = offset + _gathered;
        _gathered = 0;
    }

    private void WriteAligned(ReadOnlySpan<byte> bytes, long fileOffset)
    {
        try
        {
            RandomAccess.Write(_direct ?? _file, bytes, fileOffset);
        }
        catch (IOException e) when (e.HResult == InvalidArgument && _direct is not null)
        {
            // Some file systems refuse only now, or want a larger alignment.
            _direct.Dispose();
            _direct = null;
            RandomAccess.Write(_file, bytes, fileOffset);
        }
    }
}
