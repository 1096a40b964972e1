using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>AWQ, as AutoAWQ and gptqmodel save it: whole numbers of 4 bits in one of two orders.</summary>
/// <remarks>
/// Recognised by <c>m.qweight</c>, words of 32 bits, and <c>quant_method</c> awq, or by shapes that GPTQ cannot have. GEMM: qweight <c>[inputs,
/// outputs/8]</c>, qzeros <c>[groups, outputs/8]</c>, scales <c>[groups, outputs]</c>; column c of eight lies in nibble 0, 4, 1, 5, 2, 6, 3, 7. GEMV:
/// qweight <c>[outputs, inputs/8]</c> in plain order, qzeros <c>[outputs, Z]</c>, scales <c>[outputs, 8·Z]</c>, both wider than the groups need. W = (number
/// - zero)·scale. Sources: AutoAWQ, <c>utils/packing_utils.py</c>, <c>dequantize_gemm</c>; <c>modules/linear/gemv.py</c>.
/// </remarks>
internal sealed class Awq : QuantizedFormat
{
    private const int Bits = 4, PerWord = 8;

    public override void Read(QuantizedReading reading)
    {
        foreach (StoredTensor codes in reading.Left.Where(tensor => tensor.Name.EndsWith(".qweight", StringComparison.Ordinal)).ToArray())
            Read(reading, codes, codes.Name[..^".qweight".Length]);
    }

    /// <summary>Whether words are AWQ's rather than GPTQ's: both call them so.</summary>
    public static bool IsOne(QuantizedReading reading, StoredTensor codes)
    {
        if (reading.Config.Method is "awq" or "gptq")
            return reading.Config.Method == "awq";
        string module = codes.Name[..^".qweight".Length];
        return reading.Find(module + ".g_idx") is null && codes.Shape.Length == 2 && reading.Find(module + ".scales") is { Shape: [_, var width] }
            && width == codes.Shape[1] * PerWord;
    }

    private static void Read(QuantizedReading reading, StoredTensor codes, string module)
    {
        var check = new PartCheck(reading, codes, "AWQ");
        check.Type(codes, DType.I32);
        check.Sides(codes, 2);
        StoredTensor scales = check.Needed(module + ".scales");
        StoredTensor zeros = check.Needed(module + ".qzeros");
        check.Type(scales, Numbers.ScaleTypes);
        check.Type(zeros, DType.I32);
        check.Sides(scales, 2);
        check.Sides(zeros, 2);
        if (Setting(reading, "bits", "w_bit") is int bits and not Bits)
            throw QuantizedErrors.SettingInvalid(reading.Config.Path, "\"bits\"", $"{bits}", "4, all that AWQ has");
        string version = (reading.Config.Text("version") ?? reading.Config.Text("format") ?? reading.Config.Text("checkpoint_format") ?? "gemm")
            .ToLowerInvariant();
        if (version is "gemv")
            ReadGemv(reading, codes, scales, zeros, module);
        else
            ReadGemm(reading, codes, scales, zeros, module);
    }

    private static void ReadGemm(QuantizedReading reading, StoredTensor codes, StoredTensor scales, StoredTensor zeros, string module)
    {
        var check = new PartCheck(reading, codes, "AWQ GEMM");
        (long inputs, long words) = (codes.Shape[0], codes.Shape[1]);
        long groupLength = GroupLengthOf(reading, inputs, scales.Shape[0]);
        long groups = (inputs + groupLength - 1) / groupLength;
        check.Shape(scales, [groups, words * PerWord]);
        check.Shape(zeros, [groups, words]);
        if (inputs > int.MaxValue)
            throw QuantizedErrors.ShapeInvalid(codes, [words * PerWord, inputs]);
        reading.Add(check.Format, module + ".weight", [words * PerWord, inputs], new AwqGemmCodec(codes, scales, zeros, groupLength));
    }

    private static void ReadGemv(QuantizedReading reading, StoredTensor codes, StoredTensor scales, StoredTensor zeros, string module)
    {
        var check = new PartCheck(reading, codes, "AWQ GEMV");
        (long outputs, long inputs) = (codes.Shape[0], codes.Shape[1] * PerWord);
        if (GroupSizeOf(reading) is not int groupSize || groupSize is 0 or < -1)
            throw QuantizedErrors.SettingInvalid(
                reading.Config.Path, "\"group_size\"", reading.Config.Json["group_size"]?.ToJsonString() ?? "nothing",
                    "a whole number from 1, or -1 for one group");
        long groupLength = groupSize == -1 ? Math.Max(inputs, 1) : groupSize;
        if (inputs > int.MaxValue)
            throw QuantizedErrors.ShapeInvalid(codes, [outputs, inputs]);
        long width = ZerosWidth((inputs + groupLength - 1) / groupLength, groupLength);
        check.Shape(zeros, [outputs, width]);
        check.Shape(scales, [outputs, width * PerWord]);
        reading.Add(check.Format, module + ".weight", [outputs, inputs], new PackedRowsCodec(codes, scales, new PackedIntegers(Bits), inputs, groupLength)
        {
            ZeroPoints = zeros,
            ZerosAreInRows = true,
        });
    }

    /// <summary>AutoAWQ's <c>calculate_zeros_width</c>.</summary>
    private static long ZerosWidth(long groups, long groupLength)
    {
        long multiple = groupLength >= 128 ? 1 : groupLength >= 64 ? 2 : 4;
        long words = (groups + PerWord - 1) / PerWord;
        return (words + multiple - 1) / multiple * multiple;
    }

    /// <summary>As config.json has it, or as AutoAWQ's own quant_config.json.</summary>
    private static int? Setting(QuantizedReading reading, string name, string ownName) => reading.Config.Number(name) ?? reading.Config.Number(ownName);

    private static int? GroupSizeOf(QuantizedReading reading) => Setting(reading, "group_size", "q_group_size");

    private static long GroupLengthOf(QuantizedReading reading, long inputs, long groups) => reading.Config.GroupLength(GroupSizeOf(reading), inputs, groups);
}
