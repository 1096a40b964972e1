using System.Runtime.InteropServices;
using LoraMerge.Pickles;

namespace LoraMerge.Tests.Pickles;

/// <summary>Writes files as torch.save does, from a pickle and the bytes of its storages.</summary>
internal static class TinyTorchFile
{
    public static byte[] Floats(params float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();

    /// <summary>0, 1, 2 ...</summary>
    public static byte[] Counting(int count) => Floats([.. Enumerable.Range(0, count).Select(i => (float)i)]);

    public static byte[] Zip(byte[] pickle, params (string Key, byte[] Bytes)[] storages) => ZipOf(pickle, storages).ToBytes();

    /// <summary>The same, before it is written.</summary>
    public static TinyZip ZipOf(byte[] pickle, params (string Key, byte[] Bytes)[] storages)
    {
        var zip = new TinyZip();
        zip.Entries.Add(new TinyZipEntry("archive/data.pkl", pickle));
        zip.Entries.Add(new TinyZipEntry("archive/byteorder", "little"u8.ToArray()));
        foreach ((string key, byte[] bytes) in storages)
            zip.Entries.Add(new TinyZipEntry("archive/data/" + key, bytes));
        zip.Entries.Add(new TinyZipEntry("archive/version", "3\n"u8.ToArray()));
        return zip;
    }

    public static byte[] Legacy(byte[] pickle, params (string Key, byte[] Bytes)[] storages) =>
    [
        .. LegacyHead(),
        .. pickle,
        .. TinyPickle.Of(keys =>
        {
            keys.Op(PickleOpcode.EMPTY_LIST);
            foreach ((string key, _) in storages)
                keys.Text(key).Op(PickleOpcode.APPEND);
        }),
        .. storages.SelectMany(storage => (byte[])[.. TinyPickle.UInt64((ulong)storage.Bytes.Length / sizeof(float)), .. storage.Bytes]),
    ];

    /// <summary>Magic number, version, machine.</summary>
    public static byte[] LegacyHead() =>
    [
        .. TinyPickle.Of(magic => magic.Op(PickleOpcode.LONG1, 10).Raw(0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19)),
        .. TinyPickle.Of(version => version.Op(PickleOpcode.BININT2, 0xe9, 0x03)),
        .. TinyPickle.Of(machine => machine.Op(PickleOpcode.EMPTY_DICT).Text("little_endian").Op(PickleOpcode.NEWTRUE).Op(PickleOpcode.SETITEM)),
    ];
}
