using System.Collections.Immutable;

namespace LoraMerge.Safetensors;

/// <summary>A tensor as a header describes it. Two entries are equal when all of it is, the shape number by number.</summary>
/// <param name="Name">As in the header, unescaped.</param>
/// <param name="DType">The type of each element.</param>
/// <param name="Shape">Dimensions, row-major; empty for a scalar.</param>
/// <param name="ByteOffset">Where its bytes begin, from the start of the data section.</param>
/// <param name="ByteLength">How many bytes they are; 0 when a dimension is 0.</param>
public sealed record TensorEntry(string Name, DType DType, ImmutableArray<long> Shape, long ByteOffset, long ByteLength)
{
    /// <summary>The product of the dimensions; 1 for a scalar.</summary>
    public long ElementCount
    {
        get
        {
            long count = 1;
            foreach (long dimension in Shape.AsSpan())
                count = checked(count * dimension);
            return count;
        }
    }

    /// <summary>The shape as people write it: <c>[8, 4096]</c>.</summary>
    public string ShapeText => TensorSize.ShapeText(Shape.AsSpan());

    /// <inheritdoc/>
    public bool Equals(TensorEntry? other) =>
        ReferenceEquals(this, other)
        || (other is not null
            && ByteOffset == other.ByteOffset
            && HasDataLike(other)
            && Name == other.Name);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Name);
        hash.Add(DType);
        hash.Add(ByteOffset);
        hash.Add(ByteLength);
        foreach (long dimension in Shape.AsSpan())
            hash.Add(dimension);
        return hash.ToHashCode();
    }

    /// <summary>Whether the bytes of the other mean the same here, wherever they lie.</summary>
    internal bool HasDataLike(TensorEntry other) =>
        DType == other.DType
        && ByteLength == other.ByteLength
        && Shape.AsSpan().SequenceEqual(other.Shape.AsSpan());
}
