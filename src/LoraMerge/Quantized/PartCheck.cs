using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>Holds the parts of a quantised weight to the shapes and dtypes that they must have.</summary>
/// <param name="Reading">Where they are looked for.</param>
/// <param name="Codes">The codes of the weight.</param>
/// <param name="Format">For messages.</param>
internal readonly record struct PartCheck(QuantizedReading Reading, StoredTensor Codes, string Format)
{
    /// <summary>A part that must be there.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA2100.</exception>
    public StoredTensor Needed(string name) => Reading.Find(name) ?? throw QuantizedErrors.PartMissing(Codes, Format, name);

    /// <summary>A part that must be there, of this shape and one of these dtypes.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA2100 to LORA2102.</exception>
    public StoredTensor Needed(string name, ReadOnlySpan<long> shape, params DType[] dtypes)
    {
        StoredTensor part = Needed(name);
        Shape(part, shape);
        Type(part, dtypes);
        return part;
    }

    /// <exception cref="Diagnostics.LoraMergeException">LORA2101.</exception>
    public void Shape(StoredTensor part, ReadOnlySpan<long> shape)
    {
        if (!part.Shape.AsSpan().SequenceEqual(shape))
            throw QuantizedErrors.ShapeMismatch(part, Format, $"[{string.Join(", ", shape.ToArray())}]");
    }

    /// <exception cref="Diagnostics.LoraMergeException">LORA2101.</exception>
    public void Sides(StoredTensor part, int count)
    {
        if (part.Shape.Length != count)
            throw QuantizedErrors.ShapeMismatch(part, Format, $"{count} sides");
    }

    /// <exception cref="Diagnostics.LoraMergeException">LORA2102.</exception>
    public void Type(StoredTensor part, params DType[] dtypes)
    {
        if (!dtypes.Contains(part.DType))
            throw QuantizedErrors.DTypeMismatch(part, Format, dtypes);
    }
}
