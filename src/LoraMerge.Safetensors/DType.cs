using System.Diagnostics.CodeAnalysis;

namespace LoraMerge.Safetensors;

/// <summary>The element types of the format. <see cref="DTypes"/> has their spelling in a header.</summary>
[SuppressMessage("Naming", "CA1707", Justification = "Spelled as in a header.")]
public enum DType
{
    /// <summary>One byte, 0 or 1.</summary>
    Bool,

    /// <summary>Unsigned, 8 bits.</summary>
    U8,

    /// <summary>Signed, 8 bits.</summary>
    I8,

    /// <summary>8-bit float: 5 bits of exponent, 2 of mantissa.</summary>
    F8_E5M2,

    /// <summary>8-bit float: 4 bits of exponent, 3 of mantissa; no infinities.</summary>
    F8_E4M3,

    /// <summary>8-bit exponent of the microscaling formats: a power of two.</summary>
    F8_E8M0,

    /// <summary><see cref="F8_E4M3"/> without a negative zero, whose code is the only NaN.</summary>
    F8_E4M3FNUZ,

    /// <summary><see cref="F8_E5M2"/> without infinities and negative zero, whose code is the only NaN.</summary>
    F8_E5M2FNUZ,

    /// <summary>4-bit float (E2M1), two in a byte.</summary>
    F4,

    /// <summary>6-bit float: 2 bits of exponent, 3 of mantissa; four in three bytes.</summary>
    F6_E2M3,

    /// <summary>6-bit float: 3 bits of exponent, 2 of mantissa; four in three bytes.</summary>
    F6_E3M2,

    /// <summary>Signed, 16 bits.</summary>
    I16,

    /// <summary>Unsigned, 16 bits.</summary>
    U16,

    /// <summary>IEEE 754 binary16.</summary>
    F16,

    /// <summary>The upper half of a binary32.</summary>
    BF16,

    /// <summary>Signed, 32 bits.</summary>
    I32,

    /// <summary>Unsigned, 32 bits.</summary>
    U32,

    /// <summary>IEEE 754 binary32.</summary>
    F32,

    /// <summary>Complex: two binary32.</summary>
    C64,

    /// <summary>IEEE 754 binary64.</summary>
    F64,

    /// <summary>Signed, 64 bits.</summary>
    I64,

    /// <summary>Unsigned, 64 bits.</summary>
    U64,
}
