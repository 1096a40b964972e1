using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>MXFP4 as gpt-oss has its experts: four-bit floats with an exponent for each 32, turned round.</summary>
/// <remarks>
/// Recognised by <c>W_blocks</c>, bytes <c>[experts, rows, K/32, 16]</c>, two codes in each, the first in the low nibble; <c>W_scales</c> <c>[experts, rows,
/// K/32]</c>. A value is code·2^(scale - 127), exactly. The plain W is <c>[experts, K, rows]</c>. Source: transformers, <c>integrations/mxfp4.py</c>,
/// <c>convert_moe_packed_tensors</c>.
/// </remarks>
internal sealed class Mxfp4 : QuantizedFormat
{
    private const string Suffix = "_blocks", Format = "MXFP4";

    public override void Read(QuantizedReading reading)
    {
        foreach (StoredTensor blocks in reading.Left
            .Where(tensor => tensor.Name.EndsWith(Suffix, StringComparison.Ordinal)).ToArray())
        {
            string name = blocks.Name[..^Suffix.Length];
            // Other tensors may be called so and hold numbers.
            if (blocks.DType != DType.U8 && reading.Find(name + "_scales") is not { DType: DType.U8 })
                continue;
            var check = new PartCheck(reading, blocks, Format);
            check.Type(blocks, DType.U8);
            if (blocks.Shape is not [var experts, var rows, var count, 16])
                throw QuantizedErrors.ShapeMismatch(blocks, Format, "[experts, rows, blocks, 16]");
            StoredTensor scales = check.Needed(name + "_scales", [experts, rows, count], DType.U8, DType.F8_E8M0);
            if (count > int.MaxValue / Mxfp4Codec.BlockLength || rows > int.MaxValue)
                throw QuantizedErrors.ShapeInvalid(blocks, [experts, count, rows]);
            ImmutableArray<long> shape = [experts, count * Mxfp4Codec.BlockLength, rows];
            reading.Add(Format, name, shape, new Mxfp4Codec(blocks, scales));
        }
    }
}
