using LoraMerge.Safetensors;

namespace LoraMerge.Pickles;

/// <summary>
/// All that a pickle can become here. Plain data of this program's own: no value is an object of Python, and none is compared or printed in depth, for a value
/// may hold itself.
/// </summary>
internal abstract class PickleValue
{
    private PickleValue() { }

    /// <summary>What the value is, for messages.</summary>
    public abstract string Kind { get; }

    /// <summary>A value that no tensor is made from: its kind is all that is kept.</summary>
    public sealed class Opaque(string kind) : PickleValue
    {
        public static readonly Opaque None = new("None");
        public static readonly Opaque Boolean = new("a boolean");
        public static readonly Opaque Float = new("a number");
        public static readonly Opaque Bytes = new("bytes");

        public override string Kind => kind;
    }

    public sealed class Integer(Int128 value) : PickleValue
    {
        public Int128 Value => value;

        public override string Kind => "a number";
    }

    public sealed class Text(string value) : PickleValue
    {
        public string Value => value;

        public override string Kind => "a text";
    }

    public sealed class Sequence(List<PickleValue> items, bool isTuple) : PickleValue
    {
        public static readonly Sequence EmptyTuple = new([], isTuple: true);

        public List<PickleValue> Items => items;

        public bool IsTuple => isTuple;

        public override string Kind => isTuple ? "a tuple" : "a list";
    }

    /// <param name="isOrdered">Whether it is a <c>collections.OrderedDict</c>.</param>
    public sealed class Dictionary(bool isOrdered) : PickleValue
    {
        /// <summary>As they were set: a key may come twice.</summary>
        public List<KeyValuePair<PickleValue, PickleValue>> Items { get; } = [];

        public bool IsOrdered => isOrdered;

        public override string Kind => "a dictionary";
    }

    /// <summary>A name of Python's that is on the allow list; it stands for what this program does, never for code of its own.</summary>
    public sealed class Global(string name, TorchGlobal meaning, DType? dtype = null) : PickleValue
    {
        public string Name => name;

        public TorchGlobal Meaning => meaning;

        /// <summary>Of a storage class or dtype; null for storages of plain bytes.</summary>
        public DType? DType => dtype;

        public override string Kind => $"'{name}'";
    }

    /// <summary>A storage that lies elsewhere in the file.</summary>
    public sealed class Storage(StorageClaim claim) : PickleValue
    {
        public StorageClaim Claim => claim;

        public override string Kind => "a storage";
    }

    public sealed class Tensor(TensorClaim claim) : PickleValue
    {
        public TensorClaim Claim => claim;

        public override string Kind => "a tensor";
    }
}
