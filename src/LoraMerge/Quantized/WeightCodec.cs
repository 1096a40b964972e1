using System.Collections.Immutable;
using LoraMerge.Checkpoints;

namespace LoraMerge.Quantized;

/// <summary>How the values of a weight are made of stored tensors. Plain data, and part of the recipe of what is made of them.</summary>
internal abstract record WeightCodec
{
    /// <summary>The tensors that it reads, the codes first.</summary>
    public abstract ImmutableArray<StoredTensor> Parts { get; }

    /// <summary>Bytes that its decoder holds.</summary>
    public abstract long HeldBytes { get; }

    /// <summary>The parts that get other bytes where values change; the others keep theirs.</summary>
    public abstract ImmutableArray<StoredTensor> Rewritten { get; }

    /// <summary>Values that are encoded together, from the first on; the last may be fewer.</summary>
    public abstract long UnitLength { get; }

    /// <summary>Why changed values cannot be stored in this form again, as the end of a sentence; null where they can.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111, LORA2105.</exception>
    public virtual string? RequantizeObstacle(TensorFiles files) => null;

    /// <summary>Makes codes and scales of changed values.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111, LORA2103.</exception>
    public abstract WeightEncoder OpenEncoder(TensorFiles files);

    /// <summary>Reads what every value needs.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111, LORA2103 to LORA2105.</exception>
    public abstract WeightDecoder Open(TensorFiles files);

    /// <summary>Those of some parts that a weight has.</summary>
    protected static ImmutableArray<StoredTensor> Present(params StoredTensor?[] parts) => [.. parts.OfType<StoredTensor>()];
}
