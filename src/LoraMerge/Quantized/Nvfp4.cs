using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>Four-bit floats with a scale for each group of columns: NVFP4 and MXFP4 of compressed-tensors, NVFP4 of ModelOpt.</summary>
/// <remarks>
/// Two codes in a byte along a row, the first in the low nibble. compressed-tensors: <c>m.weight_packed</c>, <c>m.weight_scale</c> and for NVFP4
/// <c>m.weight_global_scale</c>; W = code·(scale / global). Without a global scale it is MXFP4, whose scales are exponents: W = code·2^(scale - 127).
/// ModelOpt: <c>m.weight</c>, <c>m.weight_scale</c> and <c>m.weight_scale_2</c>; W = code·scale·scale_2. Sources: compressed-tensors,
/// <c>compressors/nvfp4_quantized</c>; ModelOpt, <c>qtensor/nvfp4_tensor.py</c>.
/// </remarks>
internal sealed class Nvfp4 : QuantizedFormat
{
    private const int NvGroup = 16, MxGroup = 32;

    public override void Read(QuantizedReading reading)
    {
        foreach (StoredTensor codes in reading.Left.Where(tensor => tensor.DType == DType.U8).ToArray())
        {
            if (codes.Name.EndsWith(".weight_packed", StringComparison.Ordinal))
                ReadCompressed(reading, codes, codes.Name[..^"_packed".Length]);
            else if (reading.Find(codes.Name + "_scale_2") is StoredTensor second)
                ReadModelOpt(reading, codes, second);
        }
    }

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

    private static void ThrowIfNotOne(StoredTensor global, PartCheck check)
    {
        check.Type(global, DType.F32);
        if (global.ElementCount != 1 || global.Shape.Length > 1)
            throw QuantizedErrors.ShapeMismatch(global, check.Format, "[1]");
    }

    private static long[] ScaleShape(StoredTensor codes, int group) => [codes.Shape[0], ((codes.Shape[1] * 2) + group - 1) / group];

    private static System.Collections.Immutable.ImmutableArray<long> PlainShape(StoredTensor codes) => [codes.Shape[0], codes.Shape[1] * 2];
}
