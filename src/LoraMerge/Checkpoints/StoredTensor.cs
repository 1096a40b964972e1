using System.Collections.Immutable;
using LoraMerge.Safetensors;

namespace LoraMerge.Checkpoints;

/// <summary>A tensor that lies in a file: what it is and where its bytes are.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="DType">Its element type.</param>
/// <param name="Shape">Its shape; empty for a scalar.</param>
/// <param name="File">Full path of the file.</param>
/// <param name="FileOffset">Where its first byte lies, from the start of the file.</param>
/// <param name="ByteLength">How many bytes its elements have.</param>
public sealed record StoredTensor(string Name, DType DType, ImmutableArray<long> Shape, string File, long FileOffset, long ByteLength)
{
    /// <summary>Distance of neighbouring elements in each dimension, counted in elements; default where the elements follow one another, as they do in safetensors files.</summary>
    /// <remarks>A pickle may hold a view, such as a transposed matrix. Whoever reads through <see cref="TensorFiles"/> sees its elements in order.</remarks>
    public ImmutableArray<long> Strides { get; init; }

    /// <summary>The shape as it is written in messages: <c>[8, 4096]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";

    /// <summary>Number of elements.</summary>
    public long ElementCount => Shape.Aggregate(1L, (product, side) => checked(product * side));

    /// <summary>First dimension; 1 for a scalar. A tensor is worked on in blocks of whole rows.</summary>
    public long RowCount => Shape.IsEmpty ? 1 : Shape[0];

    /// <summary>Elements in one row: the product of all dimensions but the first.</summary>
    public long RowLength => Shape.Skip(1).Aggregate(1L, (product, side) => checked(product * side));
}
