using LoraMerge.Safetensors;
using static TorchSharp.torch;

namespace LoraMerge.Devices;

/// <summary>The dtypes that a merge computes with, as torch calls them.</summary>
internal static class TorchTypes
{
    public static ScalarType Of(DType dtype) => dtype switch
    {
        DType.F64 => ScalarType.Float64,
        DType.F32 => ScalarType.Float32,
        DType.F16 => ScalarType.Float16,
        DType.BF16 => ScalarType.BFloat16,
        _ => throw new NotSupportedException($"{dtype.HeaderName()} is not computed with."),
    };

    /// <summary>The dtype of the buffer that deltas are added in: one that is wider than the result, so that only the last rounding counts.</summary>
    public static ScalarType BufferOf(DType source, DType result) =>
        source == DType.F64 || result is DType.F32 or DType.F64 ? ScalarType.Float64 : ScalarType.Float32;

    /// <summary>Bytes of an element of that buffer.</summary>
    public static long BufferElementBytes(DType source, DType result) => BufferOf(source, result) == ScalarType.Float64 ? 8 : 4;
}
