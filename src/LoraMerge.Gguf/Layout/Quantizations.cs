using System.Collections.Immutable;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Safetensors;

namespace LoraMerge.Gguf.Layout;

/// <summary>Names and numbers of the quantizations.</summary>
internal static class Quantizations
{
    /// <summary>As the base: its own type where GGUF has it.</summary>
    public const string Auto = "auto";

    /// <summary>What a user can ask for.</summary>
    public static ImmutableArray<string> Names { get; } = [Auto, .. Enum.GetNames<GgufQuantization>()];

    /// <summary>Reads what a user asks for. Case does not count.</summary>
    /// <param name="text">One of <see cref="Names"/>.</param>
    /// <param name="tensors">Those of the merged model, which decide for <c>auto</c>.</param>
    /// <exception cref="GgufLayoutException">QuantizationUnknown.</exception>
    public static GgufQuantization Parse(string text, IEnumerable<SourceTensor> tensors)
    {
        if (text.Equals(Auto, StringComparison.OrdinalIgnoreCase))
            return AsBase(tensors);
        return Names.Contains(text, StringComparer.OrdinalIgnoreCase)
            ? Enum.Parse<GgufQuantization>(text, ignoreCase: true)
            : throw LayoutErrors.QuantizationUnknown(text, Names);
    }

    /// <summary>The number that says it in the file.</summary>
    public static uint FileType(this GgufQuantization quantization) => quantization switch
    {
        GgufQuantization.F32 => 0,
        GgufQuantization.F16 => 1,
        GgufQuantization.Q4_0 => 2,
        GgufQuantization.Q8_0 => 7,
        GgufQuantization.Q4_K_S => 14,
        GgufQuantization.Q4_K_M => 15,
        GgufQuantization.Q5_K_M => 17,
        GgufQuantization.Q6_K => 18,
        GgufQuantization.BF16 => 32,
        _ => throw new ArgumentOutOfRangeException(nameof(quantization), quantization, null),
    };

    /// <summary>The type that most tensors get.</summary>
    public static GgufType MainType(this GgufQuantization quantization) => quantization switch
    {
        GgufQuantization.F32 => GgufType.F32,
        GgufQuantization.F16 => GgufType.F16,
        GgufQuantization.BF16 => GgufType.BF16,
        GgufQuantization.Q8_0 => GgufType.Q8_0,
        GgufQuantization.Q4_0 => GgufType.Q4_0,
        GgufQuantization.Q4_K_S or GgufQuantization.Q4_K_M => GgufType.Q4_K,
        GgufQuantization.Q5_K_M => GgufType.Q5_K,
        GgufQuantization.Q6_K => GgufType.Q6_K,
        _ => throw new ArgumentOutOfRangeException(nameof(quantization), quantization, null),
    };

    /// <summary>By the type of most weights; config.json may lie about it.</summary>
    private static GgufQuantization AsBase(IEnumerable<SourceTensor> tensors) => tensors
        .Where(tensor => tensor.Shape.Length >= 2)
        .GroupBy(tensor => tensor.DType)
        .MaxBy(group => group.Sum(tensor => tensor.ElementCount))?.Key switch
    {
        DType.BF16 => GgufQuantization.BF16,
        DType.F32 or DType.F64 => GgufQuantization.F32,
        _ => GgufQuantization.F16,
    };
}
