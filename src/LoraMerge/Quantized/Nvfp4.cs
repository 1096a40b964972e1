using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>Four-bit floats with a scale for each group of columns: NVFP4 and MXFP4 of compressed-tensors and ModelOpt, MXFP4 of transformers.</summary>
/// <remarks>
/// Two codes in a byte along a row, the first in the low nibble. compressed-tensors: <c>m.weight_packed</c>, <c>m.weight_scale</c> and for NVFP4
/// <c>m.weight_global_scale</c>; W = code·(scale / global). Without a global scale it is MXFP4, whose scales are exponents: W = code·2^(scale - 127).
/// ModelOpt: <c>m.weight</c>, <c>m.weight_scale</c> and <c>m.weight_scale_2</c>; W = code·scale·scale_2. MXFP4 of ModelOpt and transformers: <c>m.weight</c>,
/// bytes with or without a sign, and <c>m.weight_scale</c> or what else FP8 calls it, exponents. Experts of Llama 4 and gpt-oss, stacked: <c>W</c>,
/// <c>W_weight_scale</c> and <c>W_weight_scale_2</c>, packed down the inputs, <c>[experts, K/2, columns]</c>; others along them, <c>[experts, rows, K/2]</c>.
/// Sources: compressed-tensors, <c>compressors/nvfp4_quantized</c>; ModelOpt, <c>qtensor/nvfp4_tensor.py</c>; TensorRT-LLM, <c>fused_moe/quantization.py</c>,
/// FUSED_GATE_UP_PROJ.
/// </remarks>
internal sealed class Nvfp4 : QuantizedFormat
{
    private const int NvGroup = 16, MxGroup = 32;

    public override void Read(QuantizedReading reading)
    {
        foreach (StoredTensor codes in reading.Left.Where(tensor => tensor.DType is DType.U8 or DType.I8).ToArray())
        {
            if (ExponentsOf(reading, codes) is StoredTensor exponents)
                reading.Add("MXFP4", codes.Name, PlainShape(codes), new FourBitFloatCodec(codes, exponents, MxGroup));
            else if (codes.DType == DType.I8)
                continue; // int8, or nothing that is read
            else if (codes.Name.EndsWith(".weight_packed", StringComparison.Ordinal))
                ReadCompressed(reading, codes, codes.Name[..^"_packed".Length]);
            else if (reading.Find(codes.Name + "_scale_2") is StoredTensor second)
                ReadModelOpt(reading, codes, second);
            else if (reading.Find(codes.Name + "_weight_scale_2") is StoredTensor ofStack)
                ReadStack(reading, codes, ofStack);
        }
    }

    /// <summary>Exponents for 32 numbers each beside bytes of two; null where there are none such. int8 has an exponent for 32 bytes.</summary>
    private static StoredTensor? ExponentsOf(QuantizedReading reading, StoredTensor codes) =>
        codes.Shape.Length != 2 || codes.Shape[1] % (MxGroup / 2) != 0 ? null
        : ScaledCodes.NamesOfScales(codes.Name).Select(reading.Find).FirstOrDefault(part => part is not null) is
            { DType: DType.U8 or DType.F8_E8M0 } found && found.Shape.AsSpan().SequenceEqual(ScaleShape(codes, MxGroup)) ? found : null;

    private static void ReadCompressed(QuantizedReading reading, StoredTensor codes, string name)
    {
        bool isNv = reading.Find(name + "_scale") is { DType: DType.F8_E4M3 };
        StoredTensor? global = reading.Find(name + "_global_scale")
            ?? (isNv ? new PartCheck(reading, codes, "compressed-tensors NVFP4").Needed(name + "_global_scale") : null);
        string format = $"compressed-tensors {(global is null ? "MXFP4" : "NVFP4")}";
        var check = new PartCheck(reading, codes, format);
        check.Sides(codes, 2);
        int group = global is null ? MxGroup : NvGroup;
        StoredTensor scales = check.Needed(
            name + "_scale", ScaleShape(codes, group), global is null ? [DType.U8, DType.F8_E8M0] : [DType.F8_E4M3]);
        if (global is not null)
            ThrowIfNotOne(global, check);
        reading.Add(format, name, PlainShape(codes), new FourBitFloatCodec(codes, scales, group) { Global = global, IsDividedByGlobal = true });
    }

    private static void ReadModelOpt(QuantizedReading reading, StoredTensor codes, StoredTensor second)
    {
        var check = new PartCheck(reading, codes, "modelopt NVFP4");
        check.Sides(codes, 2);
        StoredTensor scales = check.Needed(codes.Name + "_scale", ScaleShape(codes, NvGroup), DType.F8_E4M3);
        ThrowIfNotOne(second, check);
        reading.Add(check.Format, codes.Name, PlainShape(codes), new FourBitFloatCodec(codes, scales, NvGroup) { Global = second });
    }

    /// <summary>Shapes tell which way the codes are packed; of one code and one scale, both ways are the same.</summary>
    private static void ReadStack(QuantizedReading reading, StoredTensor codes, StoredTensor globals)
    {
        var check = new PartCheck(reading, codes, "modelopt NVFP4");
        check.Sides(codes, 3);
        StoredTensor scales = check.Needed(codes.Name + "_weight_scale");
        check.Type(scales, DType.F8_E4M3);
        check.Type(globals, DType.F32);
        (long experts, long rows, long columns) = (codes.Shape[0], codes.Shape[1], codes.Shape[2]);
        long[] down = [experts, GroupsOf(rows), columns], along = [experts, rows, GroupsOf(columns)];
        bool arePackedDown = scales.Shape.AsSpan().SequenceEqual(down);
        if (!arePackedDown && !scales.Shape.AsSpan().SequenceEqual(along))
            throw QuantizedErrors.ShapeMismatch(scales, check.Format, $"[{string.Join(", ", down)}] or [{string.Join(", ", along)}]");
        if (globals.ElementCount != 1 && (globals.ElementCount != experts || globals.Shape[0] != experts))
            throw QuantizedErrors.ShapeMismatch(globals, check.Format, $"[1] or [{experts}]");
        if (columns > int.MaxValue / 2)
            throw QuantizedErrors.ShapeInvalid(codes, codes.Shape);
        reading.Add(
            check.Format, codes.Name, arePackedDown ? [experts, rows * 2, columns] : [experts, rows, columns * 2],
            new StackedFourBitFloatCodec(codes, scales, globals, arePackedDown), reading.Find(codes.Name + "_input_scale"));
    }

    private static long GroupsOf(long bytes) => ((bytes * 2) + NvGroup - 1) / NvGroup;

    private static void ThrowIfNotOne(StoredTensor global, PartCheck check)
    {
        check.Type(global, DType.F32);
        if (global.ElementCount != 1 || global.Shape.Length > 1)
            throw QuantizedErrors.ShapeMismatch(global, check.Format, "[1]");
    }

    private static long[] ScaleShape(StoredTensor codes, int group) => [codes.Shape[0], ((codes.Shape[1] * 2) + group - 1) / group];

    private static System.Collections.Immutable.ImmutableArray<long> PlainShape(StoredTensor codes) => [codes.Shape[0], codes.Shape[1] * 2];
}
