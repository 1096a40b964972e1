using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Safetensors;

/// <summary>What a file says about itself, checked: the tensors tile the data section, and the file ends where the last one does.</summary>
public sealed class SafetensorsHeader
{
    /// <summary>The longest JSON that the format allows, in bytes.</summary>
    public const int MaxJsonLength = 100_000_000;

    /// <summary>The most dimensions of a tensor. The format has no bound; PyTorch's own kernels stop here.</summary>
    public const int MaxDimensions = 64;

    /// <summary>The bytes before the JSON: its length, little-endian.</summary>
    internal const int LengthBytes = sizeof(ulong);

    internal const string MetadataName = "__metadata__";

    private readonly Dictionary<string, TensorEntry> _byName;

    internal SafetensorsHeader(
        ImmutableArray<TensorEntry> tensors,
        Dictionary<string, TensorEntry> byName,
        ImmutableDictionary<string, string> metadata,
        long dataOffset,
        long fileLength)
    {
        Tensors = tensors;
        _byName = byName;
        Metadata = metadata;
        DataOffset = dataOffset;
        FileLength = fileLength;
    }

    /// <summary>All tensors in the order of their data.</summary>
    public ImmutableArray<TensorEntry> Tensors { get; }

    /// <summary>The strings of <c>__metadata__</c>; empty when there is none.</summary>
    public ImmutableDictionary<string, string> Metadata { get; }

    /// <summary>Where the data section begins, in bytes from the start of the file.</summary>
    public long DataOffset { get; }

    /// <summary>The length of the whole file in bytes.</summary>
    public long FileLength { get; }

    /// <summary>Reads and checks the header of a file, and nothing else of it.</summary>
    /// <exception cref="SafetensorsFormatException">The file breaks the rules of the format.</exception>
    public static SafetensorsHeader Read(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        return Read(file, path);
    }

    /// <summary>Reads and checks the header of an open, seekable file.</summary>
    /// <param name="file">Stays open; its position neither matters nor changes.</param>
    /// <param name="path">What an exception calls the file.</param>
    /// <exception cref="SafetensorsFormatException">The file breaks the rules of the format.</exception>
    public static SafetensorsHeader Read(SafeFileHandle file, string path) => Read(file, path, out _);

    /// <summary>Finds a tensor by its exact name.</summary>
    public bool TryFind(string name, [NotNullWhen(true)] out TensorEntry? tensor) => _byName.TryGetValue(name, out tensor);

    /// <param name="file">Stays open.</param>
    /// <param name="path">What an exception calls the file.</param>
    /// <param name="bytes">The file up to its data section, exactly as it was parsed.</param>
    internal static SafetensorsHeader Read(SafeFileHandle file, string path, out byte[] bytes)
    {
        long fileLength = RandomAccess.GetLength(file);
        if (fileLength < LengthBytes)
        {
            throw new SafetensorsFormatException(SafetensorsFault.Truncated, path, null,
                $"The file has {fileLength} bytes; the length of its header alone takes {LengthBytes}.");
        }

        Span<byte> start = stackalloc byte[LengthBytes];
        FileBytes.ReadExactly(file, 0, start, path);
        int jsonLength = CheckJsonLength(start, fileLength, path);

        bytes = GC.AllocateUninitializedArray<byte>(LengthBytes + jsonLength);
        start.CopyTo(bytes);
        FileBytes.ReadExactly(file, LengthBytes, bytes.AsSpan(LengthBytes), path);
        return HeaderParser.Parse(bytes.AsSpan(LengthBytes), fileLength, path);
    }

    /// <summary>The claimed length, believed only when the file is long enough: nothing is allocated on a lie.</summary>
    private static int CheckJsonLength(ReadOnlySpan<byte> start, long fileLength, string path)
    {
        ulong claimed = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (claimed > MaxJsonLength)
        {
            throw ForeignFormat.Recognise(start) is { } kind
                ? new SafetensorsFormatException(SafetensorsFault.NotSafetensors, path, null, $"This is not a safetensors file but {kind}.")
                : new SafetensorsFormatException(SafetensorsFault.HeaderTooLarge, path, null,
                    $"The header claims {claimed} bytes; the format allows {MaxJsonLength}. This is probably not a safetensors file.");
        }

        if (claimed < 2)
        {
            throw new SafetensorsFormatException(SafetensorsFault.HeaderLengthInvalid, path, null,
                $"The header claims {claimed} bytes; the shortest one, '{{}}', has 2.");
        }

        if ((long)claimed > fileLength - LengthBytes)
        {
            throw new SafetensorsFormatException(SafetensorsFault.Truncated, path, null,
                $"The header claims {claimed} bytes, but only {fileLength - LengthBytes} follow in a file of {fileLength}.");
        }

        return (int)claimed;
    }
}
