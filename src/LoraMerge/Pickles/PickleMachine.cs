using System.Buffers.Binary;
using LoraMerge.Diagnostics;

namespace LoraMerge.Pickles;

/// <summary>Runs the part of Python's pickle machine that makes numbers, texts, lists and dictionaries; names and calls only from the allow list.</summary>
/// <remarks>
/// Time and memory are bounded by the pickle's length and <see cref="MaxValueCount"/>: values are shared, never copied, and no instruction walks into one.
/// Everything that is not listed in <see cref="Step"/> is refused by its name.
/// </remarks>
internal sealed class PickleMachine
{
    /// <summary>The most values that pickles may push or keep; a tensor takes about 26.</summary>
    private const int MaxValueCount = 2_000_000;

    private const int LongestInteger = 16;

    private readonly PickleBytes _bytes;
    private readonly string _path;
    private readonly List<PickleValue> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<uint, PickleValue> _memo = [];
    private readonly List<StorageClaim> _storages = [];
    private int _valueCount;
    private long _offset;

    public PickleMachine(PickleBytes bytes, string path)
    {
        _bytes = bytes;
        _path = path;
    }

    /// <summary>Every storage that was named, in the order of the pickles.</summary>
    public IReadOnlyList<StorageClaim> Storages => _storages;

    /// <summary>Runs one pickle, up to its STOP. A file may hold several, one after another.</summary>
    /// <exception cref="LoraMergeException">LORA2014: it is unsound. LORA2015: it asks for something that is not on the list.</exception>
    public PickleValue Run()
    {
        _stack.Clear();
        _marks.Clear();
        _memo.Clear();
        while (true)
        {
            _offset = _bytes.Offset;
            var opcode = (PickleOpcode)_bytes.ReadByte();
            if (opcode == PickleOpcode.STOP)
                return Pop();
            Step(opcode);
        }
    }

    private void Step(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.PROTO:
                if (_bytes.ReadByte() is var protocol and (< 2 or > 5))
                    throw Invalid($"protocol {protocol} is none of 2 to 5");
                break;
            case PickleOpcode.FRAME:
                ReadUInt64(); // how Python reads ahead; what follows counts for itself
                break;
            case PickleOpcode.MARK:
                Count();
                _marks.Add(_stack.Count);
                break;
            case PickleOpcode.POP:
                if (_marks is [.., var mark] && mark == _stack.Count)
                    _marks.RemoveAt(_marks.Count - 1);
                else
                    Pop();
                break;
            case PickleOpcode.POP_MARK:
                PopToMark();
                break;
            case PickleOpcode.DUP:
                Push(Top());
                break;
            case PickleOpcode.NONE:
                Push(PickleValue.Opaque.None);
                break;
            case PickleOpcode.NEWTRUE or PickleOpcode.NEWFALSE:
                Push(PickleValue.Opaque.Boolean);
                break;
            case PickleOpcode.BININT:
                Push(new PickleValue.Integer((int)ReadUInt32()));
                break;
            case PickleOpcode.BININT1:
                Push(new PickleValue.Integer(_bytes.ReadByte()));
                break;
            case PickleOpcode.BININT2:
                Push(new PickleValue.Integer(ReadUInt16()));
                break;
            case PickleOpcode.LONG1:
                Push(ReadInteger(_bytes.ReadByte()));
                break;
            case PickleOpcode.LONG4:
                Push(ReadInteger(ReadUInt32()));
                break;
            case PickleOpcode.BINFLOAT:
                _bytes.Skip(sizeof(double));
                Push(PickleValue.Opaque.Float);
                break;
            case PickleOpcode.SHORT_BINSTRING or PickleOpcode.SHORT_BINUNICODE:
                Push(new PickleValue.Text(_bytes.ReadText(_bytes.ReadByte())));
                break;
            case PickleOpcode.BINSTRING or PickleOpcode.BINUNICODE:
                Push(new PickleValue.Text(_bytes.ReadText(ReadUInt32())));
                break;
            case PickleOpcode.BINUNICODE8:
                Push(new PickleValue.Text(_bytes.ReadText(ReadUInt64())));
                break;
            case PickleOpcode.SHORT_BINBYTES:
                _bytes.Skip(_bytes.ReadByte());
                Push(PickleValue.Opaque.Bytes);
                break;
            case PickleOpcode.BINBYTES:
                _bytes.Skip(ReadUInt32());
                Push(PickleValue.Opaque.Bytes);
                break;
            case PickleOpcode.BINBYTES8:
                _bytes.Skip(ReadUInt64());
                Push(PickleValue.Opaque.Bytes);
                break;
            case PickleOpcode.EMPTY_TUPLE:
                Push(PickleValue.Sequence.EmptyTuple);
                break;
            case PickleOpcode.TUPLE1:
                PushTuple(PopLast(1));
                break;
            case PickleOpcode.TUPLE2:
                PushTuple(PopLast(2));
                break;
            case PickleOpcode.TUPLE3:
                PushTuple(PopLast(3));
                break;
            case PickleOpcode.TUPLE:
                PushTuple(PopToMark());
                break;
            case PickleOpcode.EMPTY_LIST:
                Push(new PickleValue.Sequence([], isTuple: false));
                break;
            case PickleOpcode.APPEND:
                Append(PopLast(1));
                break;
            case PickleOpcode.APPENDS:
                Append(PopToMark());
                break;
            case PickleOpcode.EMPTY_DICT:
                Push(new PickleValue.Dictionary(isOrdered: false));
                break;
            case PickleOpcode.SETITEM:
                SetItems(PopLast(2));
                break;
            case PickleOpcode.SETITEMS:
                SetItems(PopToMark());
                break;
            case PickleOpcode.MEMOIZE:
                Memoize((uint)_memo.Count);
                break;
            case PickleOpcode.BINPUT:
                Memoize(_bytes.ReadByte());
                break;
            case PickleOpcode.LONG_BINPUT:
                Memoize(ReadUInt32());
                break;
            case PickleOpcode.BINGET:
                PushMemo(_bytes.ReadByte());
                break;
            case PickleOpcode.LONG_BINGET:
                PushMemo(ReadUInt32());
                break;
            case PickleOpcode.GLOBAL:
                string module = _bytes.ReadLine();
                PushGlobal(opcode, module, _bytes.ReadLine());
                break;
            case PickleOpcode.STACK_GLOBAL:
                if (PopLast(2) is not [PickleValue.Text first, PickleValue.Text second])
                    throw Invalid("the name for STACK_GLOBAL is no text");
                PushGlobal(opcode, first.Value, second.Value);
                break;
            case PickleOpcode.BINPERSID:
                StorageClaim storage = Call().Storage(Pop());
                _storages.Add(storage);
                Push(new PickleValue.Storage(storage));
                break;
            case PickleOpcode.REDUCE:
                if (PopLast(2) is not [var function, PickleValue.Sequence { IsTuple: true } arguments])
                    throw Invalid("REDUCE has no tuple of arguments");
                Push(Call().Function(function, arguments.Items));
                break;
            case PickleOpcode.BUILD:
                // OrderedDict's attributes, such as _metadata of a state dict: they are no tensors.
                if (PopLast(1) is not [PickleValue.Dictionary] || Top() is not PickleValue.Dictionary { IsOrdered: true })
                    throw Errors.PickleUnsafe(_path, $"{opcode} on {Top().Kind}", _offset);
                break;
            default:
                throw Errors.PickleUnsafe(
                    _path,
                    Enum.IsDefined(opcode) ? $"the instruction {opcode}" : $"the unknown instruction 0x{(byte)opcode:x2}",
                    _offset
                );
        }
    }

    private TorchCall Call() => new(_path, _offset, Count);

    private void PushGlobal(PickleOpcode opcode, string module, string name) =>
        Push(TorchGlobals.Find(module, name) ?? throw Errors.PickleUnsafe(_path, $"'{module}.{name}' ({opcode})", _offset));

    private void Append(List<PickleValue> items)
    {
        if (Top() is not PickleValue.Sequence { IsTuple: false } list)
            throw Invalid($"{Top().Kind} is appended to");
        list.Items.AddRange(items);
    }

    private void SetItems(List<PickleValue> items)
    {
        if (Top() is not PickleValue.Dictionary dictionary)
            throw Invalid($"{Top().Kind} is set an item of");
        if (items.Count % 2 != 0)
            throw Invalid("a key has no value");
        for (int i = 0; i < items.Count; i += 2)
            dictionary.Items.Add(KeyValuePair.Create(items[i], items[i + 1]));
    }

    private void Memoize(uint index)
    {
        Count();
        _memo[index] = Top();
    }

    private void PushMemo(uint index) =>
        Push(_memo.TryGetValue(index, out PickleValue? value) ? value : throw Invalid($"value {index} is asked for before it is there"));

    private void PushTuple(List<PickleValue> items) => Push(new PickleValue.Sequence(items, isTuple: true));

    private void Push(PickleValue value)
    {
        Count();
        _stack.Add(value);
    }

    private PickleValue Top() => _stack.Count > Floor ? _stack[^1] : throw Invalid("a value is missing");

    private PickleValue Pop()
    {
        PickleValue top = Top();
        _stack.RemoveAt(_stack.Count - 1);
        return top;
    }

    private List<PickleValue> PopLast(int count)
    {
        if (_stack.Count - count < Floor)
            throw Invalid("a value is missing");
        return PopFrom(_stack.Count - count);
    }

    private List<PickleValue> PopToMark()
    {
        if (_marks.Count == 0)
            throw Invalid("a MARK is missing");
        int mark = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        return PopFrom(mark);
    }

    private List<PickleValue> PopFrom(int index)
    {
        List<PickleValue> items = _stack.GetRange(index, _stack.Count - index);
        _stack.RemoveRange(index, items.Count);
        return items;
    }

    /// <summary>Values below the last MARK are out of reach.</summary>
    private int Floor => _marks is [.., var mark] ? mark : 0;

    private void Count(int added = 1)
    {
        _valueCount += added;
        if (_valueCount > MaxValueCount)
            throw Errors.PickleInvalid(_path, $"its pickle makes more than {MaxValueCount} values, far more than the tensors of a file take");
    }

    private PickleValue.Integer ReadInteger(uint length)
    {
        if (length > LongestInteger)
            throw Invalid($"an integer has {length} bytes, and at most {LongestInteger} are read");
        Span<byte> bytes = stackalloc byte[LongestInteger];
        _bytes.Read(bytes[..(int)length]);
        bool isNegative = length > 0 && bytes[(int)length - 1] >= 0x80;
        bytes[(int)length..].Fill(isNegative ? (byte)0xff : (byte)0);
        return new PickleValue.Integer(BinaryPrimitives.ReadInt128LittleEndian(bytes));
    }

    private ushort ReadUInt16()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        _bytes.Read(bytes);
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    private uint ReadUInt32()
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        _bytes.Read(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    private ulong ReadUInt64()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        _bytes.Read(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    private LoraMergeException Invalid(string reason) => Errors.PickleInvalid(_path, $"{reason} (byte {_offset} of its pickle)");
}
