using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Quantized;

/// <summary>Every part of every form of quantised weights, damaged in every way: each ends in a coded error that names it, or in the same values.</summary>
public sealed class DamagedPartTests
{
    /// <summary>Parts that no value is made of.</summary>
    private static readonly string[] s_dropped = ["input_scale", "activation_scale", "weight_format", "input_global_scale"];

    public static TheoryData<string> Cases => [.. PackedBase.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_part_that_is_missing_is_named(string name) => EachPart(name, (packed, part) =>
    {
        if (name.StartsWith("gptq", StringComparison.Ordinal) && name != "gptq-v1-4bit-actorder" && part.Name.EndsWith(".g_idx", StringComparison.Ordinal))
            return; // groups follow one another, and older files leave it out
        packed.Write(part, null);
        AssertCoded(packed, part, 2100, 2007, 2009, 2106);
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_part_of_another_length_is_named(string name) => EachPart(name, (packed, part) =>
    {
        if (part.Shape.IsEmpty || IsFree(name, part))
            return;
        int row = part.Bytes.Length / (int)part.Shape[0];
        packed.Write(part, part with { Shape = part.Shape.SetItem(0, part.Shape[0] + 1), Bytes = [.. part.Bytes, .. new byte[row]] });
        AssertCoded(packed, part, 2101, 2110);
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_part_with_a_side_too_many_is_named(string name) => EachPart(name, (packed, part) =>
    {
        if (IsFree(name, part) || part.Shape.Aggregate(1L, (product, side) => product * side) == 1)
            return; // one number is the same in any shape
        packed.Write(part, part with { Shape = [1, 1, .. part.Shape] });
        AssertCoded(packed, part, 2101, 2110);
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_part_of_another_dtype_is_named(string name) => EachPart(name, (packed, part) =>
    {
        DType other = part.Bytes.Length % 8 == 0 && part.DType != DType.U64 ? DType.U64 : DType.Bool;
        long size = other.BitsPerElement() / 8, count = part.Bytes.Length / size;
        packed.Write(part, part with { DType = other, Shape = part.Shape.IsEmpty && count == 1 ? [] : [count] });
        AssertCoded(packed, part, 2009, 2100, 2101, 2102, 2106, 2110);
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void Bytes_of_ones_give_values_or_a_coded_error(string name) => EachPart(name, (packed, part) =>
    {
        byte[] ones = new byte[part.Bytes.Length];
        Array.Fill(ones, (byte)0xFF);
        packed.Write(part, part with { Bytes = ones });
        LoraMergeException? fault = FaultOf(packed);
        bool isScale = part.DType is DType.F32 or DType.F16 or DType.BF16 or DType.F8_E4M3;
        if (isScale && !part.Name.EndsWith(".weight", StringComparison.Ordinal))
            Assert.Equal(DiagnosticCode.QuantizedScaleNotFinite, Assert.IsType<LoraMergeException>(fault).Code);
    });

    /// <summary>How many rows codes have, a scale of all of them does not tell, nor one of a block that need not be whole.</summary>
    private static bool IsFree(string name, TinyTensor part) =>
        name is "fp8-tensor" or "modelopt-fp8" or "fp8-block-partial" && part.Name.EndsWith(".weight", StringComparison.Ordinal);

    private static void EachPart(string name, Action<PackedBase, TinyTensor> damage)
    {
        using var folder = new TestFolder();
        PackedBase packed = PackedBase.Unpack(name, folder["case"]);
        string[] before = [.. packed.Decode().Select(values => string.Join(' ', values.Take(3)))];
        Assert.NotEmpty(before);
        // All parts of one module; the others are alike.
        string module = packed.Quantized().First().Name;
        module = module.EndsWith(".weight", StringComparison.Ordinal) ? module[..^"weight".Length] : module;
        foreach (TinyTensor part in packed.Tensors.Where(tensor =>
            tensor.Name.StartsWith(module, StringComparison.Ordinal) && !tensor.Name.EndsWith("bias", StringComparison.Ordinal)
            && !s_dropped.Any(dropped => tensor.Name.EndsWith(dropped, StringComparison.Ordinal))))
            damage(packed, part);
        folder.Passed();
    }

    private static void AssertCoded(PackedBase packed, TinyTensor part, params int[] codes)
    {
        LoraMergeException? fault = FaultOf(packed);

        Assert.True(fault is not null, $"'{part.Name}' was damaged, and nobody noticed");
        Assert.True(codes.Contains((int)fault.Code), $"{part.Name}: {fault.Code}: {fault.Message}");
        Assert.Contains(string.Join('.', part.Name.Split('.')[..4]), fault.Message, StringComparison.Ordinal);
    }

    private static LoraMergeException? FaultOf(PackedBase packed)
    {
        try
        {
            packed.Decode();
            return null;
        }
        catch (LoraMergeException fault)
        {
            return fault;
        }
    }
}
