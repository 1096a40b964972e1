using System.Buffers.Binary;
using System.Text;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Tests.Container;

/// <summary>A file made piece by piece, legal or not.</summary>
internal sealed class RawFile
{
    private readonly List<byte> _bytes = [];

    /// <summary>Magic, version and counts.</summary>
    public static RawFile Start(ulong tensorCount, ulong keyCount, uint version = 3) =>
        new RawFile().Add("GGUF"u8).Add(version).Add(tensorCount).Add(keyCount);

    public RawFile Add(ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public RawFile Add(uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Add(bytes);
    }

    public RawFile Add(ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return Add(bytes);
    }

    public RawFile Text(string text) => Text(Encoding.UTF8.GetBytes(text));

    public RawFile Text(byte[] utf8) => Add((ulong)utf8.Length).Add(utf8);

    public RawFile Key(string key, GgufValueType type) => Text(key).Add((uint)type);

    public RawFile Tensor(string name, uint type, ulong offset, params ulong[] dimensions)
    {
        Text(name).Add((uint)dimensions.Length);
        foreach (ulong dimension in dimensions)
            Add(dimension);
        return Add(type).Add(offset);
    }

    /// <summary>Zeros up to a multiple of the alignment, then so many more.</summary>
    public RawFile Data(int length, int alignment = 32)
    {
        while (_bytes.Count % alignment != 0)
            _bytes.Add(0);
        return Add(new byte[length]);
    }

    public GgufHeader Read()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("raw.gguf");
        File.WriteAllBytes(path, [.. _bytes]);
        return GgufHeader.Read(path);
    }

    /// <summary>Reads what has to be refused.</summary>
    public GgufFormatException Refuse(GgufFault fault)
    {
        GgufFormatException e = Assert.Throws<GgufFormatException>(Read);
        Assert.Equal(fault, e.Fault);
        Assert.EndsWith("raw.gguf", e.Path, StringComparison.Ordinal);
        return e;
    }
}
