using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>bitsandbytes LLM.int8(), as transformers saves it.</summary>
/// <remarks>
/// Recognised by <c>m.SCB</c>, a scale for each row of <c>m.weight</c>; <c>m.weight_format</c> says in which order the codes lie: 0, by rows, is the only
/// one that is written today. W = code·SCB[row]·(1/127 as float32). Source: bitsandbytes, <c>functional.py</c>, <c>int8_vectorwise_dequant</c>.
/// </remarks>
internal sealed class BitsandbytesInt8 : QuantizedFormat
{
    private const string Format = "bitsandbytes int8";

    /// <summary>1/127 as bitsandbytes has it.</summary>
    private const double Step = 7.874015718698502e-3f;

    public override void Read(QuantizedReading reading)
    {
        foreach (StoredTensor scales in reading.Left.Where(tensor => tensor.Name.EndsWith(".SCB", StringComparison.Ordinal)).ToArray())
        {
            string module = scales.Name[..^".SCB".Length];
            StoredTensor codes = reading.Find(module + ".weight") ?? throw QuantizedErrors.PartMissing(scales, Format, module + ".weight");
            var check = new PartCheck(reading, codes, Format);
            check.Type(codes, DType.I8);
            check.Sides(codes, 2);
            check.Type(scales, DType.F32);
            check.Shape(scales, [codes.Shape[0]]);
            StoredTensor? order = reading.Find(module + ".weight_format");
            if (order is not null)
                ThrowIfNotByRows(reading, order, check);
            reading.Add(Format, codes.Name, codes.Shape, new ScaledCodec(codes, scales, ScaleGrid.Of(codes, scales, 1, codes.Shape[1])) { Factor = Step },
                order);
        }
    }

    private static void ThrowIfNotByRows(QuantizedReading reading, StoredTensor order, PartCheck check)
    {
        check.Type(order, DType.U8);
        if (order.ElementCount != 1)
            throw QuantizedErrors.ShapeMismatch(order, Format, "[]");
        byte[] number = new byte[1];
        order.ReadInto(reading.Files, 0, number);
        if (number[0] != 0)
            throw QuantizedErrors.SettingInvalid(order.File, $"in '{order.Name}'", number[0].ToString(System.Globalization.CultureInfo.InvariantCulture),
                "0, codes by rows");
    }
}
