using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Gguf.Container;

/// <summary>What a file says about itself, checked: tensors follow each other without gaps, and the file ends where the last one does.</summary>
internal sealed class GgufHeader(
    GgufMetadata metadata,
    ImmutableArray<GgufTensor> tensors,
    IReadOnlyDictionary<string, GgufTensor> byName,
    uint alignment,
    long dataOffset,
    long fileLength)
{
    public GgufMetadata Metadata { get; } = metadata;

    /// <summary>All tensors in the order of their data.</summary>
    public ImmutableArray<GgufTensor> Tensors { get; } = tensors;

    /// <summary>What the start of the data and each tensor in it are a multiple of.</summary>
    public uint Alignment { get; } = alignment;

    /// <summary>Where the data begins, in bytes from the start of the file.</summary>
    public long DataOffset { get; } = dataOffset;

    public long FileLength { get; } = fileLength;

    /// <summary>Reads and checks the header of a file, and nothing else of it.</summary>
    /// <exception cref="GgufFormatException">The file breaks the rules of the format.</exception>
    public static GgufHeader Read(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        return Read(file, path);
    }

    /// <param name="file">Stays open.</param>
    /// <param name="path">What an exception calls the file.</param>
    /// <exception cref="GgufFormatException">The file breaks the rules of the format.</exception>
    public static GgufHeader Read(SafeFileHandle file, string path) => new HeaderParser(new HeaderStream(file, path)).Parse();

    public bool TryFind(string name, [NotNullWhen(true)] out GgufTensor? tensor) => byName.TryGetValue(name, out tensor);
}
