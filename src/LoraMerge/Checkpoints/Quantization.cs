using System.Text.RegularExpressions;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Checkpoints;

/// <summary>Recognises bases whose weights are stored quantised: their numbers are not the weights, so nothing can be added to them.</summary>
internal static partial class Quantization
{
    /// <summary>Last part of tensor names that only quantised checkpoints have, and the method that writes them.</summary>
    private static readonly (string Suffix, string Method)[] Marks =
    [
        (".weight.absmax", "bitsandbytes"), (".weight.quant_map", "bitsandbytes"), (".weight.quant_state.bitsandbytes__nf4", "bitsandbytes"),
        (".weight.quant_state.bitsandbytes__fp4", "bitsandbytes"), (".SCB", "bitsandbytes"),
        (".qweight", "GPTQ or AWQ"), (".qzeros", "GPTQ or AWQ"), (".weight_packed", "compressed-tensors"),
        (".weight_scale_inv", "FP8"), (".weight_scale", "compressed-tensors or FP8"), (".codebooks", "AQLM"), (".W_q", "HQQ"),
        ("_blocks", "MXFP4"),
    ];

    /// <exception cref="LoraMergeException">LORA2009.</exception>
    public static void ThrowIfQuantized(Checkpoint checkpoint)
    {
        (string Method, string Evidence)? found = FromConfig(checkpoint) ?? FromNames(checkpoint);
        if (found is { } quantized)
            throw Errors.BaseIsQuantized(checkpoint.Path, quantized.Method, quantized.Evidence, FullPrecisionName(checkpoint.Config.NameOrPath));
    }

    /// <summary>Whether a model's name says that it is a quantised copy.</summary>
    public static bool IsQuantizedName(string name) => QuantizedSuffix.IsMatch(name);

    /// <summary>The name of the model that a quantised copy was made from, as far as its own name tells: without the suffix of the method.</summary>
    public static string? FullPrecisionName(string? name) =>
        name is not null && IsQuantizedName(name) ? QuantizedSuffix.Replace(name, "") : null;

    /// <summary>Some merge a QLoRA adapter and leave the field behind, beside weights that are whole.</summary>
    private static (string, string)? FromConfig(Checkpoint checkpoint) =>
        checkpoint.Config.QuantizationMethod is string method
            && checkpoint.Shards.Any(shard => shard.Tensors.Any(IsCode)) ? (method, "\"quantization_config\" in config.json") : null;

    private static bool IsCode(StoredTensor tensor) =>
        tensor.DType is not (DType.F16 or DType.BF16 or DType.F32 or DType.F64) && tensor.Name.Split('.')[^1].Contains("weight", StringComparison.Ordinal);

    private static (string, string)? FromNames(Checkpoint checkpoint)
    {
        foreach (StoredTensor tensor in checkpoint.Shards.SelectMany(shard => shard.Tensors))
        {
            foreach ((string suffix, string method) in Marks)
            {
                // MXFP4 blocks are bytes; other tensors may be called so and hold numbers.
                if (tensor.Name.EndsWith(suffix, StringComparison.Ordinal) && (suffix != "_blocks" || tensor.DType == DType.U8))
                    return (method, $"tensor '{tensor.Name}'");
            }
        }
        return null;
    }

    [GeneratedRegex(
        @"(-unsloth)?-bnb-[48]bit$|-(GPTQ|AWQ|AQLM|HQQ|EXL2|GGUF|FP8|NF4)(-.*)?$|-(int4|int8|4bit|8bit)(-.*)?$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex QuantizedSuffix { get; }
}
