using System.Buffers.Binary;
using System.Text;

namespace LoraMerge.Safetensors.Tests;

/// <summary>A file made of any header, legal or not.</summary>
internal static class RawFile
{
    public static byte[] Bytes(string json, int dataLength) => Bytes(Encoding.UTF8.GetBytes(json), dataLength);

    public static byte[] Bytes(byte[] json, int dataLength) => [.. Length((ulong)json.Length), .. json, .. new byte[dataLength]];

    public static byte[] Length(ulong value)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }

    /// <summary>Writes the bytes to a file and reads its header.</summary>
    public static SafetensorsHeader Read(params byte[] bytes)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("raw.safetensors");
        File.WriteAllBytes(path, bytes);
        return SafetensorsHeader.Read(path);
    }

    /// <summary>Reads what has to be refused.</summary>
    public static SafetensorsFormatException Refuse(params byte[] bytes) => Assert.Throws<SafetensorsFormatException>(() => Read(bytes));
}
