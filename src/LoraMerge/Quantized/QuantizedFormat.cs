namespace LoraMerge.Quantized;

/// <summary>A way in which weights are stored: how it is recognised, its tensors, its formula.</summary>
internal abstract class QuantizedFormat
{
    /// <summary>Takes the tensors of this format out of the stored ones, and adds the plain ones that they stand for.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA2100 to LORA2108: they are of this format, and not sound.</exception>
    public abstract void Read(QuantizedReading reading);
}
