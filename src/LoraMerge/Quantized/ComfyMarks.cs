using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>
/// What ComfyUI writes beside a quantised weight (<c>m.comfy_quant</c>, bytes of JSON) or into the header of its file (<c>_quantization_metadata</c>): in
/// which of its forms the weight is stored.
/// </summary>
/// <remarks>
/// One scale for a whole weight is what others write too. Its NVFP4 has the names and shapes of ModelOpt's, but the first code of a byte in the high nibble
/// and scales in the order of a matrix multiplication (cuBLAS, blocks of 128 by 4); its int8 may be of weights that were rotated. Sources: ComfyUI,
/// <c>QUANTIZATION.md</c>; comfy-kitchen, <c>tensor/nvfp4.py</c>.
/// </remarks>
internal static class ComfyMarks
{
    private const string Suffix = ".comfy_quant";

    /// <summary>Real ones have some dozen bytes.</summary>
    private const int LongestMark = 1 << 12;

    private static readonly string[] s_readForms = ["float8_e4m3fn", "float8_e5m2", "int8_tensorwise"];

    /// <summary>Fields that say nothing of the values.</summary>
    private static readonly string[] s_otherFields = ["format", "full_precision_matrix_mult", "orig_dtype"];

    /// <summary>Takes the marks of quantised weights out.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA2009: a form that is not read.</exception>
    public static void Take(QuantizedReading reading)
    {
        foreach (StoredTensor mark in reading.Left.Where(tensor => tensor.Name.EndsWith(Suffix, StringComparison.Ordinal)).ToArray())
        {
            if (!IsQuantized(reading, mark.Name[..^Suffix.Length]))
                continue;
            ThrowIfUnread(reading, JsonOf(reading, mark), mark);
            reading.Take(mark);
        }
        foreach (Shard shard in reading.Checkpoint.Shards)
        {
            if (!shard.Metadata.TryGetValue(Shard.ComfyMetadata, out string? text) || Parsed(text) is not { } json || json["layers"] is not JsonObject layers)
                continue;
            foreach ((string module, JsonNode? settings) in layers)
            {
                if (IsQuantized(reading, module))
                    ThrowIfUnread(reading, settings as JsonObject, reading.Find(module + ".weight")!);
            }
        }
    }

    private static bool IsQuantized(QuantizedReading reading, string module) =>
        reading.Find(module + ".weight") is { DType: not (DType.F16 or DType.BF16 or DType.F32 or DType.F64) };

    private static void ThrowIfUnread(QuantizedReading reading, JsonObject? settings, StoredTensor evidence)
    {
        string form = settings is null ? "unknown" : QuantizationConfig.TextOf(settings, "format") ?? "unknown";
        string? other = settings?.FirstOrDefault(field => !s_otherFields.Contains(field.Key) && !(field.Value is JsonValue value
            && value.TryGetValue(out bool flag) && !flag)).Key;
        if (other is not null || !s_readForms.Contains(form))
            throw UnreadForms.Refused(reading, $"ComfyUI, {form}{(other is null ? "" : $" with {other}")}", evidence);
    }

    private static JsonObject? JsonOf(QuantizedReading reading, StoredTensor mark)
    {
        if (mark.DType != DType.U8 || mark.ByteLength > LongestMark)
            return null;
        byte[] bytes = new byte[mark.ByteLength];
        mark.ReadInto(reading.Files, 0, bytes);
        return Parsed(bytes);
    }

    private static JsonObject? Parsed(ReadOnlySpan<byte> text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonObject? Parsed(string text) => Parsed(System.Text.Encoding.UTF8.GetBytes(text));
}
