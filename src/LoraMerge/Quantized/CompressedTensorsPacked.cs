using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>pack-quantized of compressed-tensors: whole numbers of 2 to 8 bits, packed along a row.</summary>
/// <remarks>
/// Recognised by <c>m.weight_packed</c>, words of 32 bits, <c>[rows, words]</c>. <c>m.weight_shape</c> tells the weight's shape, <c>m.weight_scale</c> holds
/// a scale for each row or group of columns, <c>m.weight_zero_point</c>, packed down the rows, <c>[words, groups]</c>, or in the first releases, and beside
/// one scale for all, a signed byte each, what is taken off first; numbers and packed zero points are stored with 2^(bits - 1) added.
/// <c>m.weight_g_idx</c> tells the group of each column. W = (number - zero point)·scale. Releases before 0.11 left bits of each word free rather than let a
/// number lie across two; the count of words tells. How many bits a number has, config.json tells. Source: compressed-tensors,
/// <c>compressors/pack_quantized/helpers.py</c>, <c>unpack_from_int32</c>.
/// </remarks>
internal sealed class CompressedTensorsPacked : QuantizedFormat
{
    private const string Suffix = "_packed";

    public override void Read(QuantizedReading reading)
    {
        StoredTensor[] all =
            [.. reading.Left.Where(tensor => tensor.DType == DType.I32 && tensor.Name.EndsWith(".weight_packed", StringComparison.Ordinal))];
        // Few columns may take as many words either way: what can be only one of them tells of all, as one release packed them.
        bool isDense = !Array.Exists(all, codes => IsOnlyLoose(reading, codes));
        foreach (StoredTensor codes in all)
            Read(reading, codes, codes.Name[..^Suffix.Length], isDense);
    }

    private static bool IsOnlyLoose(QuantizedReading reading, StoredTensor codes)
    {
        if (WeightSettings.Of(reading.Config, codes.Name) is not { } weights
            || QuantizationConfig.NumberOf(weights, "num_bits") is not (>= 1 and <= 8 and int bits)
            || codes.Shape.Length != 2 || reading.Find(codes.Name[..^Suffix.Length] + "_shape") is not { Shape: [2], DType: DType.I64 or DType.I32 } shape)
            return false;
        long columns = Numbers.Integers(reading.Files, shape)[1];
        return columns is >= 0 and <= int.MaxValue && new PackedIntegers(bits).WordsOf(columns) != codes.Shape[1]
            && new PackedIntegers(bits, IsDense: false).WordsOf(columns) == codes.Shape[1];
    }

    private static void Read(QuantizedReading reading, StoredTensor codes, string name, bool isDense)
    {
        JsonObject? weights = WeightSettings.Of(reading.Config, codes.Name);
        int? bits = weights is null ? null : QuantizationConfig.NumberOf(weights, "num_bits");
        if (bits is not (>= 1 and <= 8) and not null)
            throw QuantizedErrors.SettingInvalid(reading.Config.Path, $"\"num_bits\" of '{name}'", $"{bits}", "1 to 8");
        string format = bits is null ? "compressed-tensors pack-quantized" : $"compressed-tensors int{bits}";
        var check = new PartCheck(reading, codes, format);
        check.Sides(codes, 2);
        StoredTensor shape = check.Needed(name + "_shape", [2], DType.I64, DType.I32);
        long[] sides = Numbers.Integers(reading.Files, shape);
        (long rows, long columns) = (sides[0], sides[1]);
        if (rows < 0 || columns < 0 || rows != codes.Shape[0])
            throw QuantizedErrors.ShapeMismatch(codes, format, $"[{rows}, words], as '{shape.Name}' says [{rows}, {columns}]");
        if (columns > int.MaxValue)
            throw QuantizedErrors.ShapeInvalid(codes, [rows, columns]);
        PackedIntegers packing = PackingOf(codes, bits, columns, isDense, check);
        StoredTensor scales = check.Needed(name + "_scale");
        check.Type(scales, Numbers.ScaleTypes);
        long groups = scales.Shape is [var height, var width] && height == rows && width > 0 ? width
            : scales.ElementCount == 1 ? 1
            : throw QuantizedErrors.ShapeMismatch(scales, format, $"[{rows}, groups]");
        int? groupSize = weights is null ? null : QuantizationConfig.NumberOf(weights, "group_size");
        long groupLength = groupSize is int size and > 0 ? size : (columns + groups - 1) / groups;
        if ((columns + groupLength - 1) / Math.Max(groupLength, 1) != groups)
            throw QuantizedErrors.ShapeMismatch(scales, format, $"[{rows}, {(columns + groupLength - 1) / groupLength}], as groups have {groupLength} columns");
        (StoredTensor? zeroPoints, StoredTensor? order) = WeightSettings.PartsOf(weights, check, name);
        if (zeroPoints is not null)
        {
            check.Type(zeroPoints, DType.I32, DType.I8);
            check.Shape(zeroPoints, zeroPoints.DType == DType.I8 ? scales.Shape.AsSpan() : [packing.WordsOf(rows), groups]);
        }
        if (order is not null)
        {
            check.Type(order, DType.I32, DType.I64);
            check.Shape(order, [columns]);
        }
        reading.Add(
            format, name, [rows, columns],
            new PackedRowsCodec(codes, scales, packing, columns, Math.Max(groupLength, 1)) { ZeroPoints = zeroPoints, Groups = order }, shape);
    }

    /// <summary>Dense words, or those of the first releases, whichever these are; both are the same where a word has no bits left.</summary>
    private static PackedIntegers PackingOf(StoredTensor codes, int? bits, long columns, bool isDense, PartCheck check)
    {
        PackedIntegers[] fitting =
        [
            .. (bits is int known ? [known] : (ImmutableArray<int>)[4, 8, 2, 3, 5, 6, 7])
                .SelectMany(number => (PackedIntegers[])[new PackedIntegers(number, isDense), new PackedIntegers(number, !isDense)])
                .Where(packing => packing.WordsOf(columns) == codes.Shape[1]),
        ];
        if (fitting.Length > 0)
            return fitting[0];
        long words = new PackedIntegers(bits ?? 4).WordsOf(columns);
        throw QuantizedErrors.ShapeMismatch(codes, check.Format, $"[{codes.Shape[0]}, {words}] for {columns} columns");
    }
}
