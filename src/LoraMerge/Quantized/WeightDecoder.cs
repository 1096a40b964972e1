namespace LoraMerge.Quantized;

/// <summary>Makes values of a weight, in the order of its shape. Each is the exact product, rounded once to the type that is asked for.</summary>
internal abstract class WeightDecoder
{
    /// <param name="firstElement">Number of the first value.</param>
    /// <param name="destination">Takes float32 or float64.</param>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111, LORA2103, LORA2104.</exception>
    public abstract void Decode<T>(long firstElement, Span<T> destination)
        where T : unmanaged;
}
