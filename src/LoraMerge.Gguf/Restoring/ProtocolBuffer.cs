using System.Buffers.Binary;
using System.Text;

namespace LoraMerge.Gguf.Restoring;

/// <summary>Writes fields of a protocol buffer.</summary>
internal sealed class ProtocolBuffer
{
    private const int Varint = 0;
    private const int LengthDelimited = 2;
    private const int FourBytes = 5;

    private readonly List<byte> _bytes = [];

    public ProtocolBuffer Add(int field, ulong value)
    {
        AddTag(field, Varint);
        AddVarint(value);
        return this;
    }

    public ProtocolBuffer Add(int field, float value)
    {
        AddTag(field, FourBytes);
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        _bytes.AddRange(bytes);
        return this;
    }

    public ProtocolBuffer Add(int field, string text) => AddBlock(field, Encoding.UTF8.GetBytes(text));

    public ProtocolBuffer Add(int field, ProtocolBuffer inner) => AddBlock(field, inner.ToArray());

    public byte[] ToArray() => [.. _bytes];

    private ProtocolBuffer AddBlock(int field, byte[] bytes)
    {
        AddTag(field, LengthDelimited);
        AddVarint((ulong)bytes.Length);
        _bytes.AddRange(bytes);
        return this;
    }

    private void AddTag(int field, int kind) => AddVarint((ulong)((field << 3) + kind));

    private void AddVarint(ulong value)
    {
        for (; value >= 128; value >>= 7)
            _bytes.Add((byte)(value | 128));
        _bytes.Add((byte)value);
    }
}
