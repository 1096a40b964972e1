using LoraMerge.Safetensors;

namespace LoraMerge.Gguf.Container;

/// <summary>Sizes of the types. A row is a whole number of blocks.</summary>
internal static class GgufTypes
{
    /// <summary>Elements in a block; 1 for types without blocks.</summary>
    public static int ElementsPerBlock(this GgufType type) => SizesOf(type).Elements;

    /// <summary>Bytes of a block.</summary>
    public static int BytesPerBlock(this GgufType type) => SizesOf(type).Bytes;

    /// <summary>Bytes of a row of so many elements, which are whole blocks.</summary>
    public static long BytesPerRow(this GgufType type, long elementCount) => elementCount / type.ElementsPerBlock() * type.BytesPerBlock();

    /// <summary>Computes the byte length of a tensor, or says in words why there is none.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="shape">Its shape, rows first.</param>
    /// <param name="byteLength">Holds where null is returned.</param>
    public static string? Measure(GgufType type, ReadOnlySpan<long> shape, out long byteLength)
    {
        byteLength = 0;
        long elementCount = 1;
        foreach (long dimension in shape)
        {
            if (dimension < 0)
                return $"its shape {TensorSize.ShapeText(shape)} has a negative dimension";
            if (Math.BigMul(elementCount, dimension, out elementCount) != 0 || elementCount < 0)
                return $"its shape {TensorSize.ShapeText(shape)} has more elements than 63 bits can count";
        }

        (int elements, int bytes) = SizesOf(type);
        long rowLength = shape.IsEmpty ? 1 : shape[^1];
        if (rowLength % elements != 0)
            return $"a row of its shape {TensorSize.ShapeText(shape)} is no whole number of blocks of {type}, which have {elements} elements";
        if (Math.BigMul(elementCount / elements, bytes, out byteLength) != 0 || byteLength < 0)
            return $"its shape {TensorSize.ShapeText(shape)} of {type} has more bytes than 63 bits can count";
        return null;
    }

    private static (int Elements, int Bytes) SizesOf(GgufType type) => type switch
    {
        GgufType.F64 or GgufType.I64 => (1, 8),
        GgufType.F32 or GgufType.I32 => (1, 4),
        GgufType.F16 or GgufType.BF16 or GgufType.I16 => (1, 2),
        GgufType.I8 => (1, 1),
        GgufType.Q4_0 or GgufType.IQ4_NL => (32, 18),
        GgufType.Q4_1 => (32, 20),
        GgufType.Q5_0 => (32, 22),
        GgufType.Q5_1 => (32, 24),
        GgufType.Q8_0 => (32, 34),
        GgufType.Q8_1 => (32, 36),
        GgufType.MXFP4 => (32, 17),
        GgufType.NVFP4 => (64, 36),
        GgufType.Q1_0 => (128, 18),
        GgufType.Q2_0 => (64, 18),
        GgufType.IQ1_S => (256, 50),
        GgufType.IQ1_M => (256, 56),
        GgufType.TQ1_0 => (256, 54),
        GgufType.IQ2_XXS or GgufType.TQ2_0 => (256, 66),
        GgufType.IQ2_XS => (256, 74),
        GgufType.IQ2_S => (256, 82),
        GgufType.Q2_K => (256, 84),
        GgufType.IQ3_XXS => (256, 98),
        GgufType.IQ3_S or GgufType.Q3_K => (256, 110),
        GgufType.IQ4_XS => (256, 136),
        GgufType.Q4_K => (256, 144),
        GgufType.Q5_K => (256, 176),
        GgufType.Q6_K => (256, 210),
        GgufType.Q8_K => (256, 292),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No such type."),
    };
}
