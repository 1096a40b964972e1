using System.Collections.Immutable;
using LoraMerge.Safetensors;

namespace LoraMerge.Checkpoints;

/// <summary>What the values of a tensor are read from, row by row: one tensor of a file, or several that together hold them in another form.</summary>
/// <param name="Name">Name of the tensor.</param>
/// <param name="DType">Element type of the values that are read.</param>
/// <param name="Shape">Its shape; empty for a scalar.</param>
internal abstract record TensorSource(string Name, DType DType, ImmutableArray<long> Shape)
{
    /// <summary>The tensors of files that the values come from.</summary>
    public abstract ImmutableArray<StoredTensor> Parts { get; }

    /// <summary>Bytes of all values, as they are read.</summary>
    public abstract long ByteLength { get; init; }

    /// <summary>The shape as it is written in messages: <c>[8, 4096]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";

    /// <summary>What a merge makes of it where no dtype is asked for.</summary>
    public virtual DType ResultDType => DType;

    /// <summary>Number of elements.</summary>
    public long ElementCount => Shape.Aggregate(1L, (product, side) => checked(product * side));

    /// <summary>First dimension; 1 for a scalar. A tensor is worked on in blocks of whole rows.</summary>
    public long RowCount => Shape.IsEmpty ? 1 : Shape[0];

    /// <summary>Elements in one row: the product of all dimensions but the first.</summary>
    public long RowLength => Shape.Skip(1).Aggregate(1L, (product, side) => checked(product * side));

    /// <summary>Bytes that a reader of its values holds beside them.</summary>
    internal virtual long HeldBytes => 0;

    /// <summary>The same with values in a dtype from which one rounding takes them to a result.</summary>
    /// <param name="result">The result's dtype.</param>
    internal virtual TensorSource WideEnoughFor(DType result) => this;

    /// <summary>Reads elements by their number, in the order of the shape.</summary>
    /// <param name="files">Reads the files; the caller's.</param>
    /// <param name="firstElement">Number of the first element.</param>
    /// <param name="destination">As many elements of <see cref="DType"/> as it holds.</param>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111.</exception>
    internal abstract void ReadInto(TensorFiles files, long firstElement, Span<byte> destination);
}
