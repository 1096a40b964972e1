using System.Buffers.Binary;
using LoraMerge.Safetensors;

namespace LoraMerge.Checkpoints;

/// <summary>Floats of 16 bits and more, as files store them.</summary>
internal static class StoredFloat
{
    /// <summary>The value of an element, which float64 holds exactly.</summary>
    /// <param name="dtype">BF16, F16, F32 or F64.</param>
    /// <param name="bytes">They begin with the element.</param>
    public static double Read(DType dtype, ReadOnlySpan<byte> bytes) => dtype switch
    {
        DType.BF16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt16LittleEndian(bytes) << 16),
        DType.F16 => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
        DType.F32 => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        DType.F64 => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "No float of 16 bits or more."),
    };
}
