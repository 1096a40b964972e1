using System.Collections.Immutable;
using LoraMerge.Safetensors;

namespace LoraMerge.Gguf.Container;

/// <summary>A tensor as a header describes it.</summary>
/// <param name="Name">As in the header.</param>
/// <param name="Type">How its elements lie in the file.</param>
/// <param name="Shape">Rows first, as in safetensors: the file has the dimensions in reverse.</param>
/// <param name="ByteOffset">Where its bytes begin, from the start of the data.</param>
/// <param name="ByteLength">How many bytes they are.</param>
internal sealed record GgufTensor(string Name, GgufType Type, ImmutableArray<long> Shape, long ByteOffset, long ByteLength)
{
    /// <summary>The longest name that readers take, in bytes.</summary>
    public const int MaxNameLength = 63;

    /// <summary>The most dimensions that the format allows.</summary>
    public const int MaxDimensions = 4;

    /// <summary>Elements in a row: the last dimension.</summary>
    public long RowLength => Shape.IsEmpty ? 1 : Shape[^1];

    /// <summary>The product of the dimensions.</summary>
    public long ElementCount => ByteLength / Type.BytesPerBlock() * Type.ElementsPerBlock();

    public string ShapeText => TensorSize.ShapeText(Shape.AsSpan());

    public bool Equals(GgufTensor? other) =>
        ReferenceEquals(this, other)
        || (other is not null
            && Name == other.Name
            && Type == other.Type
            && ByteOffset == other.ByteOffset
            && ByteLength == other.ByteLength
            && Shape.AsSpan().SequenceEqual(other.Shape.AsSpan()));

    public override int GetHashCode() => HashCode.Combine(Name, Type, ByteOffset, ByteLength);
}
