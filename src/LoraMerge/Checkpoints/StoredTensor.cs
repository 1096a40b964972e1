using System.Collections.Immutable;
using LoraMerge.Safetensors;

namespace LoraMerge.Checkpoints;

/// <summary>A tensor that lies in a file: what it is and where its bytes are.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="DType">Its element type.</param>
/// <param name="Shape">Its shape; empty for a scalar.</param>
/// <param name="File">Full path of the file.</param>
/// <param name="FileOffset">Where its first byte lies, from the start of the file.</param>
/// <param name="ByteLength">How many bytes it has there.</param>
public sealed record StoredTensor(string Name, DType DType, ImmutableArray<long> Shape, string File, long FileOffset, long ByteLength)
{
    /// <summary>Whether its bytes lie column by column: the file holds the transpose of the matrix that <see cref="Shape"/> describes.</summary>
    public bool IsColumnMajor { get; init; }

    /// <summary>The shape as it is written in messages: <c>[8, 4096]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";

    /// <summary>Number of elements.</summary>
    public long ElementCount => Shape.Aggregate(1L, (product, side) => checked(product * side));

    /// <summary>First dimension; 1 for a scalar. A tensor is worked on in blocks of whole rows.</summary>
    public long RowCount => Shape.IsEmpty ? 1 : Shape[0];

    /// <summary>Elements in one row: the product of all dimensions but the first.</summary>
    public long RowLength => Shape.Skip(1).Aggregate(1L, (product, side) => checked(product * side));
}
