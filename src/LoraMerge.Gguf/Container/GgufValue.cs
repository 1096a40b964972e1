namespace LoraMerge.Gguf.Container;

/// <summary>A value of the metadata. Readers are strict about its type: a count as uint64 instead of uint32 is refused.</summary>
/// <param name="Type">Its type in the file.</param>
/// <param name="Value">The .NET object of that type: <c>uint</c>, <c>string</c> and so on; for an array <c>uint[]</c>, <c>string[]</c> and so on.</param>
internal readonly record struct GgufValue(GgufValueType Type, object Value)
{
    public static implicit operator GgufValue(uint value) => new(GgufValueType.UInt32, value);

    public static implicit operator GgufValue(int value) => new(GgufValueType.Int32, value);

    public static implicit operator GgufValue(ushort value) => new(GgufValueType.UInt16, value);

    public static implicit operator GgufValue(float value) => new(GgufValueType.Float32, value);

    public static implicit operator GgufValue(bool value) => new(GgufValueType.Bool, value);

    public static implicit operator GgufValue(string value) => new(GgufValueType.String, value);

    public static implicit operator GgufValue(string[] values) => new(GgufValueType.Array, values);

    public static implicit operator GgufValue(int[] values) => new(GgufValueType.Array, values);

    public static implicit operator GgufValue(float[] values) => new(GgufValueType.Array, values);

    public static implicit operator GgufValue(bool[] values) => new(GgufValueType.Array, values);

    /// <summary>The type of the elements of an array; null for other values.</summary>
    public GgufValueType? ElementType => Type != GgufValueType.Array ? null : System.Type.GetTypeCode(Value.GetType().GetElementType()) switch
    {
        TypeCode.Byte => GgufValueType.UInt8,
        TypeCode.SByte => GgufValueType.Int8,
        TypeCode.UInt16 => GgufValueType.UInt16,
        TypeCode.Int16 => GgufValueType.Int16,
        TypeCode.UInt32 => GgufValueType.UInt32,
        TypeCode.Int32 => GgufValueType.Int32,
        TypeCode.Single => GgufValueType.Float32,
        TypeCode.Boolean => GgufValueType.Bool,
        TypeCode.String => GgufValueType.String,
        TypeCode.UInt64 => GgufValueType.UInt64,
        TypeCode.Int64 => GgufValueType.Int64,
        TypeCode.Double => GgufValueType.Float64,
        _ => throw new InvalidOperationException($"No array of the format holds {Value.GetType()}."),
    };

    /// <summary>The value as a whole number, of whatever integer type; null for other values and what 64 bits with a sign do not hold.</summary>
    public long? AsInteger() => Value switch
    {
        byte or sbyte or ushort or short or uint or int or long => Convert.ToInt64(Value, null),
        ulong n when n <= long.MaxValue => (long)n,
        _ => null,
    };

    /// <summary>The value as a real number, of whatever numeric type; null for other values.</summary>
    public double? AsNumber() => Value switch
    {
        float f => f,
        double d => d,
        _ => AsInteger(),
    };
}
