using LoraMerge.Safetensors;

namespace LoraMerge.Planning;

/// <summary>The element type asked for: the base's own for each tensor, or one for all of its floating-point tensors.</summary>
/// <param name="Forced">The type of all floating-point tensors; null to keep the base's.</param>
public sealed record OutputDType(DType? Forced)
{
    /// <summary>The base's own, tensor by tensor.</summary>
    public static OutputDType Auto { get; } = new((DType?)null);

    /// <summary>Reads <c>auto</c>, <c>float32</c>, <c>float16</c> or <c>bfloat16</c>.</summary>
    public static bool TryParse(string text, out OutputDType dtype)
    {
        OutputDType? parsed = text switch
        {
            "auto" => Auto,
            "float32" => new OutputDType(DType.F32),
            "float16" => new OutputDType(DType.F16),
            "bfloat16" => new OutputDType(DType.BF16),
            _ => null,
        };
        dtype = parsed ?? Auto;
        return parsed is not null;
    }

    /// <summary>The name that config.json and the command line use.</summary>
    public override string ToString() => Forced switch
    {
        DType.F32 => "float32",
        DType.F16 => "float16",
        DType.BF16 => "bfloat16",
        _ => "auto",
    };

    internal DType Of(DType source) => Forced is DType forced && IsFloat(source) ? forced : source;

    /// <summary>The types that a merge computes with.</summary>
    internal static bool IsFloat(DType dtype) => dtype is DType.F64 or DType.F32 or DType.F16 or DType.BF16;
}
