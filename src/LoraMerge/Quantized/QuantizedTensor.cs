using System.Collections.Immutable;
using System.Runtime.InteropServices;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>A plain tensor that is stored as codes and scales.</summary>
/// <param name="Name">Its name in a plain model.</param>
/// <param name="DType">float32, to which each product is rounded; float64 where that would be felt.</param>
/// <param name="Shape">Its shape in a plain model.</param>
/// <param name="ResultDType">What a plain model has.</param>
/// <param name="Codec">How its values are made.</param>
internal sealed record QuantizedTensor(string Name, DType DType, ImmutableArray<long> Shape, DType ResultDType, WeightCodec Codec)
    : TensorSource(Name, DType, Shape)
{
    public override DType ResultDType { get; } = ResultDType;

    public override ImmutableArray<StoredTensor> Parts => Codec.Parts;

    public override long ByteLength
    {
        get => checked(ElementCount * DType.BitsPerElement() / 8);
        init => throw new NotSupportedException("It follows from dtype and shape.");
    }

    internal override long HeldBytes => Codec.HeldBytes;

    internal override TensorSource WideEnoughFor(DType result) => this with { DType = result is DType.F32 or DType.F64 ? DType.F64 : DType.F32 };

    internal override void ReadInto(TensorFiles files, long firstElement, Span<byte> destination)
    {
        WeightDecoder decoder = files.Kept(Codec, () => Codec.Open(files));
        if (DType == DType.F64)
            decoder.Decode(firstElement, MemoryMarshal.Cast<byte, double>(destination));
        else
            decoder.Decode(firstElement, MemoryMarshal.Cast<byte, float>(destination));
    }
}
