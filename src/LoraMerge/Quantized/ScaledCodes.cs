using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>
/// Codes of a byte with scales beside them: FP8 of transformers, DeepSeek, AutoFP8 and fbgemm; int-quantized and float-quantized of compressed-tensors; FP8
/// of ModelOpt, ComfyUI, and of Mistral's and DeepSeek's own files; MXFP8.
/// </summary>
/// <remarks>
/// Recognised by <c>W_scale_inv</c> or <c>W_scale</c> (<c>m.scale_weight</c>, <c>m.qscale_weight</c>, <c>m.scale</c>) beside a W of int8
/// or an 8-bit float. A scale belongs to the whole weight (<c>[]</c> or <c>[1]</c>), a
/// matrix of several (<c>[experts]</c> or <c>[experts, 1, 1]</c>), a row (<c>[rows]</c> or <c>[rows, 1]</c>), a group of columns (<c>[rows, groups]</c>) or a
/// block (in ModelOpt <c>[rows, 1, columns, 1]</c>); how large a block is, config.json tells, and the last ones may be smaller. W = code·scale,
/// whatever the name: "inv" is the reciprocal of what codes were made with. With <c>W_zero_point</c>, W = (code - zero point)·scale; <c>g_idx</c> tells the
/// group of each column. Sources: transformers, <c>integrations/finegrained_fp8.py</c>; compressed-tensors, <c>quantization/lifecycle/forward.py</c>,
/// <c>dequantize</c>; ModelOpt, <c>qtensor/fp8_tensor.py</c>.
/// </remarks>
internal sealed class ScaledCodes : QuantizedFormat
{
    private const string Weight = ".weight";

    private static readonly string[] s_suffixes = ["_scale_inv", "_scale"];

    /// <summary>Beside <c>m.weight</c>: ComfyUI's earlier files and neural-compressor; Mistral's own; DeepSeek's own.</summary>
    private static readonly string[] s_namesOfModules = [".scale_weight", ".qscale_weight", ".scale"];

    private static readonly DType[] s_codes = [DType.F8_E4M3, DType.F8_E5M2, DType.I8];

    public override void Read(QuantizedReading reading)
    {
        foreach (StoredTensor codes in reading.Left.Where(tensor => s_codes.Contains(tensor.DType) && tensor.Shape.Length >= 2).ToArray())
        {
            if (NamesOfScales(codes.Name).Select(reading.Find).FirstOrDefault(found => found is not null) is StoredTensor scales)
                Read(reading, codes, scales);
            else if (MissingOf(reading.Config.Method) is string suffix && codes.Name.EndsWith(Weight, StringComparison.Ordinal))
                throw QuantizedErrors.PartMissing(codes, reading.Config.Method!, codes.Name[..^Weight.Length] + suffix);
        }
    }

    /// <summary>What the scales of a weight may be called.</summary>
    public static IEnumerable<string> NamesOfScales(string codes) =>
    [
        .. s_suffixes.Select(suffix => codes + suffix),
        .. codes.EndsWith(Weight, StringComparison.Ordinal) ? s_namesOfModules.Select(name => codes[..^Weight.Length] + name) : [],
    ];

    private static void Read(QuantizedReading reading, StoredTensor codes, StoredTensor scales)
    {
        JsonObject? weights = WeightSettings.Of(reading.Config, codes.Name);
        string format = FormatOf(reading.Config, codes);
        var check = new PartCheck(reading, codes, format);
        // MXFP8 writes exponents as bytes.
        check.Type(scales, codes.DType == DType.I8 ? Numbers.ScaleTypes : [.. Numbers.ScaleTypes, DType.U8]);
        (StoredTensor? zeroPoints, StoredTensor? groups) = WeightSettings.PartsOf(weights, check, codes.Name);
        int bits = (weights is null ? null : QuantizationConfig.NumberOf(weights, "num_bits")) ?? 8;
        if (bits is < 1 or > 8)
            throw QuantizedErrors.SettingInvalid(reading.Config.Path, "\"num_bits\"", $"{bits}", "1 to 8");
        if (zeroPoints is not null)
        {
            check.Type(zeroPoints, DType.I8);
            check.Shape(zeroPoints, scales.Shape.AsSpan());
        }
        ScaleGrid grid = GridOf(reading, codes, scales, weights, check);
        if (groups is not null)
        {
            check.Shape(groups, [codes.Shape[^1]]);
            check.Type(groups, DType.I32, DType.I64);
        }
        reading.Add(format, codes.Name, codes.Shape, new ScaledCodec(codes, scales, grid)
        {
            ZeroPoints = zeroPoints, Bits = bits, Groups = groups, ScalesArePowers = reading.Config.Text("scale_fmt") == "ue8m0",
        });
    }

    /// <summary>By the shape of the scales; where this is a grid of blocks, by what the configuration says of these.</summary>
    private static ScaleGrid GridOf(QuantizedReading reading, StoredTensor codes, StoredTensor scales, JsonObject? weights, PartCheck check)
    {
        (long rows, long columns) = (codes.Shape[^2], codes.Shape[^1]);
        if (scales.ElementCount == 1 && scales.Shape.Length <= 2)
            return ScaleGrid.Of(codes, scales, rows, columns);
        if (scales.Shape is [var each] && each == rows && codes.Shape.Length == 2)
            return ScaleGrid.Of(codes, scales, 1, columns);
        if (scales.Shape is [var matrices] && codes.Shape is [var count, _, _] && matrices == count)
            return ScaleGrid.Of(codes, scales, rows, columns);
        (long blockRows, long blockColumns)? block = QuantizationConfig.BlockOf(reading.Config.Json, "weight_block_size")
            ?? (weights is null ? null : QuantizationConfig.BlockOf(weights, "block_structure"));
        if (block is (< 1, _) or (_, < 1))
            throw QuantizedErrors.SettingInvalid(reading.Config.Path, "the size of a block", $"[{block.Value.blockRows}, {block.Value.blockColumns}]",
                "sides from 1");
        int? groupSize = weights is null ? null : QuantizationConfig.NumberOf(weights, "group_size");
        string expected = "";
        foreach ((long height, long width) in (ReadOnlySpan<(long, long)>)[
            .. block is { } stated ? (ReadOnlySpan<(long, long)>)[stated] : [],
            .. groupSize is int size and > 0 ? (ReadOnlySpan<(long, long)>)[(1, size)] : [],
            (1, columns), (rows, 1), (rows, columns),
            .. block is null ? (ReadOnlySpan<(long, long)>)[(128, 128)] : [],
            .. block is null && scales.Shape is [.., var r, var c] && r == rows && c > 0 && columns % c == 0 ? (ReadOnlySpan<(long, long)>)[(1, columns / c)]
                : [],
        ])
        {
            ScaleGrid grid = ScaleGrid.Of(codes, scales, height, width);
            long[] shape = [.. codes.Shape[..^2], grid.Rows, grid.Columns];
            if (scales.Shape.AsSpan().SequenceEqual(shape) || scales.Shape.AsSpan().SequenceEqual([grid.Rows, 1, grid.Columns, 1]))
                return grid;
            if (expected.Length == 0)
                expected = $"[{string.Join(", ", shape)}]";
        }
        string untold = block is null ? ", or blocks whose sides config.json tells, which it does not" : "";
        throw QuantizedErrors.ShapeMismatch(scales, check.Format, $"{expected} beside '{codes.Name}' {codes.ShapeText}{untold}");
    }

    /// <summary>What codes of a method cannot be without; null where it may have weights of 8 bits that are no codes.</summary>
    private static string? MissingOf(string? method) => method switch
    {
        "fp8" => ".weight_scale_inv",
        "compressed-tensors" or "modelopt" or "fbgemm_fp8" => ".weight_scale",
        "bitsandbytes" => ".SCB",
        _ => null,
    };

    private static string FormatOf(QuantizationConfig config, StoredTensor codes)
    {
        string type = codes.DType == DType.I8 ? "int8" : "FP8";
        return config.Method switch
        {
            "compressed-tensors" or "modelopt" => $"{config.Method} {type}",
            _ => type,
        };
    }
}
