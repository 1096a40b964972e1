using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>bitsandbytes NF4 and FP4, as transformers saves them.</summary>
/// <remarks>
/// Recognised by <c>W.quant_state.bitsandbytes__nf4</c> or <c>__fp4</c>, bytes of JSON. W holds the codes, two in a byte, the first in the high nibble, as
/// bytes or as another dtype of the same bytes; <c>W.absmax</c> a scale for each block of the flat weight, which runs across rows; <c>W.quant_map</c> the 16
/// values. W = quant_map[code]·absmax[i / blocksize]. Nested, absmax is a byte: absmax = nested_quant_map[byte]·nested_absmax[j / nested_blocksize] +
/// nested_offset. Source: bitsandbytes, <c>functional.py</c>, <c>QuantState.from_dict</c> and <c>dequantize_4bit</c>.
/// </remarks>
internal sealed class Bitsandbytes4Bit : QuantizedFormat
{
    private const string Mark = ".quant_state.bitsandbytes__";

    /// <summary>Real ones have two hundred bytes.</summary>
    private const int LongestState = 1 << 16;

    /// <summary>What says by its name that a weight is stored so.</summary>
    private static readonly string[] s_parts = [".absmax", ".quant_map"];

    public override void Read(QuantizedReading reading)
    {
        foreach (StoredTensor state in reading.Left.Where(tensor => tensor.Name.Contains(Mark, StringComparison.Ordinal)).ToArray())
            Read(reading, state);
        // Files of the first releases have no state, without which the shape is lost.
        foreach (StoredTensor part in reading.Left.Where(tensor => s_parts.Any(suffix => tensor.Name.EndsWith(suffix, StringComparison.Ordinal))).ToArray())
        {
            string name = part.Name[..part.Name.LastIndexOf('.')];
            if (reading.Find(name) is { DType: DType.U8 } or { Shape: [_, 1] } && reading.Find(name) is StoredTensor codes)
                throw QuantizedErrors.PartMissing(codes, "bitsandbytes 4 bit", name + Mark + "nf4");
        }
    }

    private static void Read(QuantizedReading reading, StoredTensor state)
    {
        int at = state.Name.IndexOf(Mark, StringComparison.Ordinal);
        string name = state.Name[..at];
        string type = state.Name[(at + Mark.Length)..];
        string format = $"bitsandbytes {type.ToUpperInvariant()}";
        if (type is not ("nf4" or "fp4"))
            throw QuantizedErrors.StateInvalid(state, $"is of the type '{type}'; expected nf4 or fp4");
        StoredTensor codes = reading.Find(name) ?? throw QuantizedErrors.PartMissing(state, format, name);
        JsonObject json = StateOf(reading, state);
        ImmutableArray<long> shape = ShapeOf(json, state);
        int blockSize = SizeOf(json, "blocksize", state);
        var check = new PartCheck(reading, codes, format);
        check.Type(codes, DType.U8, DType.I8, DType.BF16, DType.F16, DType.F32, DType.F64);
        var plain = new Int128(0, 1);
        foreach (long side in shape)
        {
            plain *= side;
            if (plain > long.MaxValue / sizeof(double))
                throw QuantizedErrors.ShapeInvalid(codes, shape);
        }
        long count = (long)plain;
        long codeBytes = (count + 1) / 2;
        if (codes.ByteLength != codeBytes || (codes.Shape.Length == 2 && codes.Shape[1] != 1) || codes.Shape.Length > 2)
            throw QuantizedErrors.ShapeMismatch(codes, format,
                $"{codeBytes} bytes in one column, as {state.Name[(at + 1)..]} says [{string.Join(", ", shape)}]");
        long blocks = (count + blockSize - 1) / blockSize;
        StoredTensor map = check.Needed(name + ".quant_map", [16], DType.F32);
        bool isNested = json["nested_blocksize"] is not null || reading.Find(name + ".nested_absmax") is not null;
        StoredTensor absmax = check.Needed(name + ".absmax", [blocks], isNested ? DType.U8 : DType.F32);
        NestedScales? nested = null;
        if (isNested)
        {
            int nestedSize = SizeOf(json, "nested_blocksize", state);
            nested = new NestedScales(
                check.Needed(name + ".nested_absmax", [(blocks + nestedSize - 1) / nestedSize], DType.F32),
                check.Needed(name + ".nested_quant_map", [256], DType.F32), nestedSize, OffsetOf(json, state));
        }
        reading.Add(format, name, shape, new Bitsandbytes4BitCodec(codes, absmax, map, blockSize, nested), state);
    }

    private static JsonObject StateOf(QuantizedReading reading, StoredTensor state)
    {
        var check = new PartCheck(reading, state, "bitsandbytes 4 bit");
        check.Type(state, DType.U8);
        check.Sides(state, 1);
        if (state.ByteLength is < 2 or > LongestState)
            throw QuantizedErrors.StateInvalid(state, $"has {state.ByteLength} bytes; expected 2 to {LongestState}");
        byte[] bytes = new byte[state.ByteLength];
        state.ReadInto(reading.Files, 0, bytes);
        try
        {
            return JsonNode.Parse(bytes, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject
                ?? throw QuantizedErrors.StateInvalid(state, "holds no JSON object");
        }
        catch (JsonException)
        {
            throw QuantizedErrors.StateInvalid(state, "holds no JSON");
        }
    }

    private static ImmutableArray<long> ShapeOf(JsonObject json, StoredTensor state)
    {
        if (json["shape"] is not JsonArray { Count: > 0 and < 8 } sides)
            throw QuantizedErrors.StateInvalid(state, "tells no \"shape\"");
        ImmutableArray<long>.Builder shape = ImmutableArray.CreateBuilder<long>(sides.Count);
        foreach (JsonNode? side in sides)
        {
            if (side is not JsonValue value || !value.TryGetValue(out long length) || length < 0)
                throw QuantizedErrors.StateInvalid(state, $"tells a \"shape\" with the side {side?.ToJsonString() ?? "null"}; expected a whole number from 0");
            shape.Add(length);
        }
        return shape.ToImmutable();
    }

    private static int SizeOf(JsonObject json, string field, StoredTensor state) =>
        QuantizationConfig.NumberOf(json, field) is int size and > 0
            ? size
            : throw QuantizedErrors.StateInvalid(state, $"tells the \"{field}\" {json[field]?.ToJsonString() ?? "null"}; expected a whole number from 1");

    private static double OffsetOf(JsonObject json, StoredTensor state) =>
        json["nested_offset"] is JsonValue value && value.TryGetValue(out double offset) && double.IsFinite(offset)
            ? offset
            : throw QuantizedErrors.StateInvalid(state,
                $"tells the \"nested_offset\" {json["nested_offset"]?.ToJsonString() ?? "null"}; expected a finite number");
}
