using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Safetensors;

namespace LoraMerge.Checkpoints;

/// <summary>A tensor that lies in a file: what it is and where its bytes are.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="DType">Its element type.</param>
/// <param name="Shape">Its shape; empty for a scalar.</param>
/// <param name="File">Full path of the file.</param>
/// <param name="FileOffset">Where its first byte lies, from the start of the file; in the values of its packing, where it has one.</param>
/// <param name="ByteLength">How many bytes its elements have.</param>
internal sealed record StoredTensor(string Name, DType DType, ImmutableArray<long> Shape, string File, long FileOffset, long ByteLength)
    : TensorSource(Name, DType, Shape)
{
    /// <summary>
    /// Distance of neighbouring elements in each dimension, counted in elements; default where the elements follow one another, as they do in safetensors
    /// files.
    /// </summary>
    /// <remarks>A pickle may hold a view, such as a transposed matrix. Whoever reads through <see cref="TensorFiles"/> sees its elements in order.</remarks>
    public ImmutableArray<long> Strides { get; init; }

    /// <summary>How its values come from the bytes of the file; null where they lie there as they are read.</summary>
    public TensorPacking? Packing { get; init; }

    /// <summary>Its element type in a plain model, where that is another one than it is read as.</summary>
    public DType? PlainDType { get; init; }

    /// <inheritdoc/>
    public override DType ResultDType => PlainDType ?? DType;

    /// <inheritdoc/>
    public override ImmutableArray<StoredTensor> Parts => [this];

    /// <summary>A matrix turned round: a view of the same bytes.</summary>
    internal StoredTensor Transposed() => this with { Shape = [Shape[1], Shape[0]], Strides = [StrideOf(1), StrideOf(0)] };

    /// <summary>One entry of the first dimension.</summary>
    internal StoredTensor At(long index) =>
        View($"{Name}[{index.ToString(CultureInfo.InvariantCulture)}]", index, [.. Shape.Skip(1)], Strides.IsDefault ? default : [.. Strides.Skip(1)]);

    /// <summary>One entry of the last of three dimensions, as a matrix.</summary>
    internal StoredTensor AtLast(long index)
    {
        int size = DType.BitsPerElement() / 8;
        string name = $"{Name}[.., {index.ToString(CultureInfo.InvariantCulture)}]";
        StoredTensor view = this with { Name = name, Shape = Shape[..2], Strides = [StrideOf(0), StrideOf(1)] };
        return view with { FileOffset = FileOffset + (index * StrideOf(2) * size), ByteLength = view.ElementCount * size };
    }

    /// <summary>Some entries of the first dimension.</summary>
    internal StoredTensor Rows(long first, long count) => View(Name, first, [count, .. Shape.Skip(1)], Strides);

    internal override void ReadInto(TensorFiles files, long firstElement, Span<byte> destination) =>
        files.ReadInto(this, firstElement * DType.BitsPerElement() / 8, destination);

    private StoredTensor View(string name, long first, ImmutableArray<long> shape, ImmutableArray<long> strides)
    {
        StoredTensor view = this with { Name = name, Shape = shape, Strides = strides };
        int size = DType.BitsPerElement() / 8;
        return view with { FileOffset = FileOffset + (first * StrideOf(0) * size), ByteLength = view.ElementCount * size };
    }

    /// <summary>Distance of neighbouring elements of a dimension, counted in elements.</summary>
    internal long StrideOf(int dimension) =>
        Strides.IsDefault ? Shape.Skip(dimension + 1).Aggregate(1L, (product, side) => checked(product * side)) : Strides[dimension];
}
