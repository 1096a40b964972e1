using System.Collections.Immutable;
using LoraMerge.Devices;
using LoraMerge.Safetensors;

namespace LoraMerge.Deltas;

/// <summary>What a change knows of the tensor that it changes without reading it.</summary>
/// <param name="Shape">Its shape; empty for a scalar.</param>
/// <param name="Source">The dtype that it is stored in.</param>
/// <param name="Result">The dtype that it gets.</param>
internal sealed record WeightFacts(ImmutableArray<long> Shape, DType Source, DType Result)
{
    /// <summary>First dimension; 1 for a scalar.</summary>
    public long RowCount => Shape.IsEmpty ? 1 : Shape[0];

    /// <summary>Elements in one row: the product of all dimensions but the first.</summary>
    public long RowLength => Shape.Skip(1).Aggregate(1L, (product, side) => checked(product * side));

    /// <summary>Last dimension; 1 for a scalar.</summary>
    public long LastLength => Shape.IsEmpty ? 1 : Shape[^1];

    /// <summary>Number of elements.</summary>
    public long ElementCount => checked(RowCount * RowLength);

    /// <summary>Bytes of one element of the buffer that the arithmetic runs in.</summary>
    public long BufferElementBytes => TorchTypes.BufferElementBytes(Source, Result);
}
