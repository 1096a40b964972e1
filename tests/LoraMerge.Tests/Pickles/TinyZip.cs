using System.IO.Hashing;
using System.Text;

namespace LoraMerge.Tests.Pickles;

/// <summary>A file in an archive, with whatever its descriptions claim of it.</summary>
internal sealed record TinyZipEntry(string Name, byte[] Bytes)
{
    public ushort Flags { get; init; }

    public ushort Method { get; init; }

    public ulong? ClaimedLength { get; init; }

    public ulong? ClaimedPackedLength { get; init; }

    public ulong? ClaimedOffset { get; init; }

    /// <summary>CRC-32; 0 for none.</summary>
    public uint? ClaimedChecksum { get; init; }

    /// <summary>What its own header calls it, where that is not its name.</summary>
    public string? NameInHeader { get; init; }

    /// <summary>Whether sizes and place stand in 64 bits.</summary>
    public bool IsWide { get; init; }
}

/// <summary>Writes zip archives, sound ones and others.</summary>
internal sealed class TinyZip
{
    public List<TinyZipEntry> Entries { get; } = [];

    public ulong? ClaimedDirectoryLength { get; init; }

    public ulong? ClaimedDirectoryOffset { get; init; }

    public ushort? ClaimedCount { get; init; }

    /// <summary>Whether the end of the archive stands in 64 bits too.</summary>
    public bool HasWideEnd { get; init; }

    public byte[] ToBytes()
    {
        var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        ulong[] offsets = new ulong[Entries.Count];
        for (int i = 0; i < Entries.Count; i++)
        {
            offsets[i] = (ulong)stream.Position;
            WriteHeader(writer, Entries[i]);
        }
        ulong start = (ulong)stream.Position;
        for (int i = 0; i < Entries.Count; i++)
            WriteEntry(writer, Entries[i], offsets[i]);
        WriteEnd(writer, ClaimedDirectoryOffset ?? start, ClaimedDirectoryLength ?? (ulong)stream.Position - start);
        return stream.ToArray();
    }

    private static uint Checksum(TinyZipEntry entry) => entry.ClaimedChecksum ?? Crc32.HashToUInt32(entry.Bytes);

    private static void WriteHeader(BinaryWriter writer, TinyZipEntry entry)
    {
        byte[] name = Encoding.UTF8.GetBytes(entry.NameInHeader ?? entry.Name);
        writer.Write("PK\x03\x04"u8);
        writer.Write((ushort)20);
        writer.Write(entry.Flags);
        writer.Write(entry.Method);
        writer.Write(new byte[4]); // time, date
        writer.Write(Checksum(entry));
        writer.Write((uint)entry.Bytes.Length);
        writer.Write((uint)entry.Bytes.Length);
        writer.Write((ushort)name.Length);
        // PyTorch pads with an extra field, so that tensors lie at multiples of 64.
        int padding = (int)((64 - ((writer.BaseStream.Position + 2 + name.Length + 4) % 64)) % 64);
        writer.Write((ushort)(padding + 4));
        writer.Write(name);
        writer.Write("FB"u8);
        writer.Write((ushort)padding);
        writer.Write(new byte[padding]);
        writer.Write(entry.Bytes);
    }

    private static void WriteEntry(BinaryWriter writer, TinyZipEntry entry, ulong offset)
    {
        byte[] name = Encoding.UTF8.GetBytes(entry.Name);
        ulong length = entry.ClaimedLength ?? (ulong)entry.Bytes.Length;
        ulong packed = entry.ClaimedPackedLength ?? (ulong)entry.Bytes.Length;
        ulong place = entry.ClaimedOffset ?? offset;
        writer.Write("PK\x01\x02"u8);
        writer.Write((ushort)20);
        writer.Write((ushort)20);
        writer.Write(entry.Flags);
        writer.Write(entry.Method);
        writer.Write(new byte[4]);
        writer.Write(Checksum(entry));
        writer.Write(entry.IsWide ? uint.MaxValue : (uint)packed);
        writer.Write(entry.IsWide ? uint.MaxValue : (uint)length);
        writer.Write((ushort)name.Length);
        writer.Write((ushort)(entry.IsWide ? 28 : 0));
        writer.Write(new byte[10]); // comment, disk, attributes
        writer.Write(entry.IsWide ? uint.MaxValue : (uint)place);
        writer.Write(name);
        if (!entry.IsWide)
            return;
        writer.Write((ushort)1);
        writer.Write((ushort)24);
        writer.Write(length);
        writer.Write(packed);
        writer.Write(place);
    }

    private void WriteEnd(BinaryWriter writer, ulong start, ulong length)
    {
        if (HasWideEnd)
        {
            ulong end = (ulong)writer.BaseStream.Position;
            writer.Write("PK\x06\x06"u8);
            writer.Write(44UL);
            writer.Write((ushort)45);
            writer.Write((ushort)45);
            writer.Write(0U);
            writer.Write(0U);
            writer.Write((ulong)Entries.Count);
            writer.Write((ulong)Entries.Count);
            writer.Write(length);
            writer.Write(start);
            writer.Write("PK\x06\x07"u8);
            writer.Write(0U);
            writer.Write(end);
            writer.Write(1U);
        }
        writer.Write("PK\x05\x06"u8);
        writer.Write(0U);
        ushort count = HasWideEnd ? ushort.MaxValue : ClaimedCount ?? (ushort)Entries.Count;
        writer.Write(count);
        writer.Write(count);
        writer.Write(HasWideEnd ? uint.MaxValue : (uint)length);
        writer.Write(HasWideEnd ? uint.MaxValue : (uint)start);
        writer.Write((ushort)0);
    }
}
