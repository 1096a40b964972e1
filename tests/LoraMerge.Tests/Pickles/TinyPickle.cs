using System.Buffers.Binary;
using System.Text;
using LoraMerge.Pickles;

namespace LoraMerge.Tests.Pickles;

/// <summary>Writes pickles instruction by instruction, sound ones and others.</summary>
internal sealed class TinyPickle
{
    private readonly List<byte> _bytes = [];

    public byte[] Bytes => [.. _bytes];

    /// <summary>A pickle of protocol 2 that ends with STOP.</summary>
    public static byte[] Of(Action<TinyPickle> write, byte protocol = 2)
    {
        var pickle = new TinyPickle();
        pickle.Op(PickleOpcode.PROTO, protocol);
        write(pickle);
        return pickle.Op(PickleOpcode.STOP).Bytes;
    }

    /// <summary>A dictionary of tensors.</summary>
    public static byte[] StateDict(params (string Name, TinyTensor Tensor)[] tensors) => Of(pickle => pickle.Dictionary(tensors));

    public TinyPickle Op(PickleOpcode opcode, params ReadOnlySpan<byte> argument)
    {
        _bytes.Add((byte)opcode);
        _bytes.AddRange(argument);
        return this;
    }

    public TinyPickle Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public TinyPickle Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        return Op(PickleOpcode.BINUNICODE, UInt32((uint)utf8.Length)).Raw(utf8);
    }

    public TinyPickle Int(long value) =>
        value is >= 0 and < 256 ? Op(PickleOpcode.BININT1, (byte)value) : Op(PickleOpcode.LONG1, sizeof(long)).Raw(UInt64((ulong)value));

    public TinyPickle Global(string module, string name) => Op(PickleOpcode.GLOBAL).Raw(Encoding.UTF8.GetBytes($"{module}\n{name}\n"));

    public TinyPickle Tuple(params long[] values)
    {
        Op(PickleOpcode.MARK);
        foreach (long value in values)
            Int(value);
        return Op(PickleOpcode.TUPLE);
    }

    public TinyPickle EmptyOrderedDictionary() => Global("collections", "OrderedDict").Op(PickleOpcode.EMPTY_TUPLE).Op(PickleOpcode.REDUCE);

    public TinyPickle Dictionary(params (string Name, TinyTensor Tensor)[] tensors)
    {
        Op(PickleOpcode.EMPTY_DICT).Op(PickleOpcode.MARK);
        foreach ((string name, TinyTensor tensor) in tensors)
            Text(name).Tensor(tensor);
        return Op(PickleOpcode.SETITEMS);
    }

    /// <summary>As <c>_rebuild_tensor_v2</c>.</summary>
    public TinyPickle Tensor(TinyTensor tensor) => Global("torch._utils", "_rebuild_tensor_v2").Op(PickleOpcode.MARK)
        .Storage(tensor).Int(tensor.Offset).Tuple(tensor.Shape).Tuple(tensor.Strides ?? TinyTensor.StridesOf(tensor.Shape))
        .Op(PickleOpcode.NEWFALSE).EmptyOrderedDictionary().Op(PickleOpcode.TUPLE).Op(PickleOpcode.REDUCE);

    public TinyPickle Storage(TinyTensor tensor) =>
        Op(PickleOpcode.MARK)
            .Text("storage")
            .Global("torch", tensor.StorageClass)
            .Text(tensor.Key)
            .Text("cpu")
            .Int(tensor.StorageLength ?? tensor.Shape.Aggregate(1L, (product, side) => product * side))
            .Op(PickleOpcode.TUPLE)
            .Op(PickleOpcode.BINPERSID);

    public static byte[] UInt32(uint value)
    {
        byte[] bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    public static byte[] UInt64(ulong value)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }
}
