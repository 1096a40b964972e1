using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>GPTQ, as AutoGPTQ and gptqmodel save it: whole numbers of 2, 3, 4 or 8 bits, packed down the inputs.</summary>
/// <remarks>
/// Recognised by <c>m.qweight</c>, words of 32 bits <c>[inputs·bits/32, outputs]</c>; <c>m.qzeros</c> <c>[groups, outputs·bits/32]</c>, packed along the
/// outputs; <c>m.scales</c> <c>[groups, outputs]</c>; <c>m.g_idx</c> the group of each input, in any order. W[n, k] = scales[g, n]·(number[k, n] - zero[g,
/// n]), g = g_idx[k]. <c>checkpoint_format</c> <c>gptq</c>, the default, stores zero - 1, taken off the whole word: so 1 is added to all fields of a word at
/// once, and borrows go back the way they came; of 3 bits each field is for itself. <c>gptq_v2</c> stores the zero. Sources: gptqmodel,
/// <c>nn_modules/qlinear/__init__.py</c>, <c>pack_block</c> and <c>dequantize_weight</c>, and <c>utils/model.py</c>,
/// <c>convert_gptq_v1_to_v2_format_module</c>; AutoGPTQ, <c>qlinear_cuda.py</c>.
/// </remarks>
internal sealed class Gptq : QuantizedFormat
{
    public override void Read(QuantizedReading reading)
    {
        foreach (StoredTensor codes in reading.Left.Where(tensor => tensor.Name.EndsWith(".qweight", StringComparison.Ordinal)).ToArray())
        {
            if (!Awq.IsOne(reading, codes))
                Read(reading, codes, codes.Name[..^".qweight".Length]);
        }
    }

    private static void Read(QuantizedReading reading, StoredTensor codes, string module)
    {
        var check = new PartCheck(reading, codes, "GPTQ");
        check.Type(codes, DType.I32);
        check.Sides(codes, 2);
        StoredTensor scales = check.Needed(module + ".scales");
        StoredTensor zeros = check.Needed(module + ".qzeros");
        long outputs = codes.Shape[1];
        check.Type(scales, Numbers.ScaleTypes);
        check.Sides(scales, 2);
        long groups = scales.Shape[0];
        check.Shape(scales, [groups, outputs]);
        check.Type(zeros, DType.I32);
        check.Sides(zeros, 2);
        int bits = BitsOf(zeros, outputs, reading, check);
        var packing = new PackedIntegers(bits);
        check = check with { Format = $"GPTQ {bits} bit" };
        check.Shape(zeros, [groups, packing.WordsOf(outputs)]);
        StoredTensor? order = reading.Config.IsTrue("desc_act") ? check.Needed(module + ".g_idx") : reading.Find(module + ".g_idx");
        long inputs = order?.Shape is [var length] ? length : codes.Shape[0] * 32 / bits;
        if (packing.WordsOf(inputs) != codes.Shape[0] || inputs > int.MaxValue)
            throw QuantizedErrors.ShapeMismatch(codes, check.Format, $"[{packing.WordsOf(inputs)}, {outputs}] for {inputs} inputs");
        if (order is not null)
        {
            check.Type(order, DType.I32, DType.I64);
            check.Shape(order, [inputs]);
        }
        long groupLength = reading.Config.GroupLength(reading.Config.Number("group_size"), inputs, groups);
        if (order is null && (inputs + groupLength - 1) / groupLength != groups)
            throw QuantizedErrors.ShapeMismatch(scales, check.Format,
                $"[{(inputs + groupLength - 1) / groupLength}, {outputs}], as groups have {groupLength} inputs");
        reading.Add(check.Format, module + ".weight", [outputs, inputs], new GptqCodec(codes, scales, zeros, packing, inputs, groupLength)
        {
            Groups = order,
            ZerosAreLessOne = !reading.Config.HasWholeZeroPoints,
        });
    }

    /// <summary>Told by the shapes alone: a file may have modules of several widths.</summary>
    private static int BitsOf(StoredTensor zeros, long outputs, QuantizedReading reading, PartCheck check)
    {
        foreach (int bits in (ReadOnlySpan<int>)[4, 8, 3, 2])
        {
            if (new PackedIntegers(bits).WordsOf(outputs) == zeros.Shape[1])
                return bits;
        }
        if (reading.Config.Number("bits") is int other and (5 or 6 or 7))
            throw UnreadForms.Refused(reading, $"GPTQ of {other} bits (gptq_p)", check.Codes);
        throw QuantizedErrors.ShapeMismatch(zeros, check.Format, $"[groups, {new PackedIntegers(reading.Config.Number("bits") ?? 4).WordsOf(outputs)}]");
    }
}
