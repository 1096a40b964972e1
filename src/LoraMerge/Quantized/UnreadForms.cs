using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>Forms of quantised weights that are not read: refused by their names. And parts of those that are read that belong to no weight.</summary>
internal static class UnreadForms
{
    private const string MicroScaling = "MXFP4", Vptq = "VPTQ", Centroids = ".centroids.weight";

    private static readonly string[] s_readMethods = ["bitsandbytes", "gptq", "awq", "fp8", "fbgemm_fp8", "mxfp4", "compressed-tensors", "modelopt"];

    /// <summary>Last parts of names that only these forms have.</summary>
    private static readonly (string Suffix, string Form)[] s_marks =
    [
        (".codebooks", "AQLM"), (".W_q", "HQQ"), (".pre_quant_scale", "AWQ of ModelOpt (pre_quant_scale)"), (".B_24", "marlin-24"), (".bitmask", "sparse"),
        ("._data", "quanto"), (".weight._data", "quanto"), (".q_weight", "EXL2"), (".q_scale_max", "EXL2"), (".trellis", "EXL3"), (".weight_scb", "EETQ"),
        (".weight_map", "HIGGS"), (".row_offsets", "SpQR"), (".Qidxs", "QuIP#"), (".qweight_type", "GGUF in safetensors"), (".s_channel", "QQQ"),
        (".svdquant_lora_a", "SVDQuant of ModelOpt"), (".wscales", "SVDQuant of Nunchaku"), (Centroids, Vptq),
    ];

    /// <summary>Parts of forms that are read, which say nothing without codes.</summary>
    private static readonly (string Suffix, string Form)[] s_parts =
    [
        (".absmax", "bitsandbytes"), (".quant_map", "bitsandbytes"), (".nested_absmax", "bitsandbytes"), (".nested_quant_map", "bitsandbytes"),
        (".SCB", "bitsandbytes"), (".weight_format", "bitsandbytes"), (".qweight", "GPTQ or AWQ"), (".qzeros", "GPTQ or AWQ"), (".g_idx", "GPTQ"),
        (".weight_packed", "compressed-tensors"), (".weight_shape", "compressed-tensors"), (".weight_global_scale", "compressed-tensors"),
        (".weight_zero_point", "compressed-tensors"), (".weight_g_idx", "compressed-tensors"), (".weight_scale_inv", "FP8"),
        (".weight_scale", "FP8 or compressed-tensors"), (".scale_weight", "FP8"), (".qscale_weight", "FP8"),
        (".weight_scale_2", "ModelOpt"), ("_scales", MicroScaling),
    ];

    /// <summary>Whether a tensor may be a part of a quantised weight, in whatever form: plain models have none, and cost no more than this look.</summary>
    public static bool MayBeOfOne(TensorSource tensor) =>
        tensor.DType is not (DType.F16 or DType.BF16 or DType.F32 or DType.F64) || FormOf(tensor, s_parts) is not null || FormOf(tensor, s_marks) is not null;

    /// <summary>A method, or a way of one, that is not read.</summary>
    /// <exception cref="LoraMergeException">LORA2009.</exception>
    public static void ThrowIfNamed(Checkpoint checkpoint, QuantizationConfig config)
    {
        if (config.Method is null or ModelConfig.UnknownMethod && checkpoint.Tensors.FirstOrDefault(tensor => IsOfMlx(tensor, checkpoint)) is { } ofMlx)
            throw Refused(checkpoint, "MLX", $"tensor '{ofMlx.Name}'");
        if (!checkpoint.Tensors.Any(IsCode) || NameOf(config) is not string form)
            return;
        throw Refused(checkpoint, form, Where(config, checkpoint));
    }

    /// <summary>Words of 32 bits without a sign, scales and, but for floats of few bits, what is added. Its config names no method.</summary>
    private static bool IsOfMlx(TensorSource tensor, Checkpoint checkpoint)
    {
        const string weight = ".weight";
        return tensor.DType == DType.U32 && tensor.Name.EndsWith(weight, StringComparison.Ordinal)
            && checkpoint.TryFind(tensor.Name[..^weight.Length] + ".scales", out _);
    }

    /// <summary>What is left when all formats have taken theirs.</summary>
    /// <exception cref="LoraMergeException">LORA2009, LORA2106.</exception>
    public static void ThrowIfLeft(Checkpoint checkpoint, QuantizedReading reading)
    {
        foreach (StoredTensor tensor in reading.Left)
        {
            if (FormOf(tensor, s_marks) is string form && (form != Vptq || reading.Find(tensor.Name[..^Centroids.Length] + ".indices") is not null))
                throw Refused(checkpoint, form, $"tensor '{tensor.Name}'");
            if (FormOf(tensor, s_parts) is string part && (part != MicroScaling || tensor.DType == DType.U8))
                throw QuantizedErrors.PartUnused(tensor, part);
        }
        if (reading.Config.Method is "awq" or "gptq"
            && reading.Left.FirstOrDefault(tensor => tensor.Name.EndsWith(".scales", StringComparison.Ordinal)) is { } scaled)
            throw Refused(checkpoint, $"{reading.Config.Method} with scaled activations", $"tensor '{scaled.Name}'");
        if (reading.Config.Method is not null && reading.Left.FirstOrDefault(IsCode) is StoredTensor code)
            throw Refused(checkpoint, reading.Config.Method, $"{Where(reading.Config, checkpoint)}, and tensor '{code.Name}'");
    }

    /// <summary>The fault of a weight in a form that is not read.</summary>
    public static LoraMergeException Refused(QuantizedReading reading, string form, StoredTensor tensor) =>
        Refused(reading.Checkpoint, form, $"tensor '{tensor.Name}'");

    private static LoraMergeException Refused(Checkpoint checkpoint, string form, string evidence) =>
        Errors.BaseIsQuantized(checkpoint.Path, form, evidence, QuantizedNames.FullPrecisionName(checkpoint.Config.NameOrPath));

    private static string Where(QuantizationConfig config, Checkpoint checkpoint) =>
        $"\"{(config.Path == checkpoint.Config.File ? "quantization_config" : "quant_method")}\" in {Path.GetFileName(config.Path)}";

    /// <summary>Whether a tensor is called as a weight is and holds no plain numbers. Some merge a QLoRA adapter and leave the field behind.</summary>
    private static bool IsCode(TensorSource tensor) =>
        tensor.DType is not (DType.F16 or DType.BF16 or DType.F32 or DType.F64) && tensor.Name.Split('.')[^1].Contains("weight", StringComparison.Ordinal);

    private static string? NameOf(QuantizationConfig config)
    {
        string? version = (config.Text("version") ?? config.Text("checkpoint_format") ?? config.Text("format"))?.ToLowerInvariant();
        return config.Method switch
        {
            null => null,
            "gptq" when config.IsTrue("is_marlin_format") => "gptq of marlin's format",
            "gptq" when (config.Text("checkpoint_format") ?? config.Text("format"))?.ToLowerInvariant() is string format and not ("gptq" or "gptq_v2") =>
                $"gptq, {format}",
            "awq" when config.Text("backend") == "llm-awq" => "awq of llm-awq",
            "awq" when version is not (null or "gemm" or "gemv" or "exllama") => $"awq, {version}",
            "compressed-tensors" when config.Text("format") is string format
                && (format.StartsWith("marlin", StringComparison.Ordinal) || format.StartsWith("sparse", StringComparison.Ordinal)) =>
                $"compressed-tensors, {format}",
            "compressed-tensors" when config.Json["transform_config"] is System.Text.Json.Nodes.JsonObject { Count: > 0 } transforms
                && transforms["config_groups"] is System.Text.Json.Nodes.JsonObject { Count: > 0 } =>
                "compressed-tensors with transforms (transform_config)",
            "modelopt" when config.Text("quant_algo") is string algorithm && algorithm.Contains("AWQ", StringComparison.OrdinalIgnoreCase) =>
                $"modelopt, {algorithm}",
            string method => s_readMethods.Contains(method) ? null : method,
        };
    }

    private static string? FormOf(TensorSource tensor, (string Suffix, string Form)[] table) =>
        table.FirstOrDefault(entry => tensor.Name.EndsWith(entry.Suffix, StringComparison.Ordinal)).Form;
}
