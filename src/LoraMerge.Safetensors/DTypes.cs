namespace LoraMerge.Safetensors;

/// <summary>Widths and spellings of the dtypes.</summary>
public static class DTypes
{
    /// <summary>Bits of one element; less than 8 for packed dtypes.</summary>
    public static int BitsPerElement(this DType dtype) => dtype switch
    {
        DType.F4 => 4,
        DType.F6_E2M3 or DType.F6_E3M2 => 6,
        DType.Bool or DType.U8 or DType.I8 => 8,
        DType.F8_E5M2 or DType.F8_E4M3 or DType.F8_E8M0 or DType.F8_E4M3FNUZ or DType.F8_E5M2FNUZ => 8,
        DType.I16 or DType.U16 or DType.F16 or DType.BF16 => 16,
        DType.I32 or DType.U32 or DType.F32 => 32,
        DType.C64 or DType.F64 or DType.I64 or DType.U64 => 64,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "No such dtype."),
    };

    /// <summary>The spelling in a header, such as <c>BF16</c> or <c>BOOL</c>.</summary>
    public static string HeaderName(this DType dtype) => dtype switch
    {
        DType.Bool => "BOOL",
        _ when Enum.IsDefined(dtype) => dtype.ToString(),
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "No such dtype."),
    };

    /// <summary>Finds the dtype with this spelling in a header. Case counts.</summary>
    public static bool TryParse(string headerName, out DType dtype) => TryParse(headerName.AsSpan(), out dtype);

    internal static bool TryParse(ReadOnlySpan<char> headerName, out DType dtype)
    {
        DType? found = headerName switch
        {
            "BF16" => DType.BF16,
            "F32" => DType.F32,
            "F16" => DType.F16,
            "BOOL" => DType.Bool,
            "U8" => DType.U8,
            "I8" => DType.I8,
            "F8_E5M2" => DType.F8_E5M2,
            "F8_E4M3" => DType.F8_E4M3,
            "F8_E8M0" => DType.F8_E8M0,
            "F8_E4M3FNUZ" => DType.F8_E4M3FNUZ,
            "F8_E5M2FNUZ" => DType.F8_E5M2FNUZ,
            "F4" => DType.F4,
            "F6_E2M3" => DType.F6_E2M3,
            "F6_E3M2" => DType.F6_E3M2,
            "I16" => DType.I16,
            "U16" => DType.U16,
            "I32" => DType.I32,
            "U32" => DType.U32,
            "C64" => DType.C64,
            "F64" => DType.F64,
            "I64" => DType.I64,
            "U64" => DType.U64,
            _ => null,
        };
        dtype = found.GetValueOrDefault();
        return found is not null;
    }
}
