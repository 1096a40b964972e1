using LoraMerge.Checkpoints;

namespace LoraMerge.Quantized;

/// <summary>Makes codes and scales of changed values: scales by the format's own rule, codes the nearest.</summary>
/// <param name="codec">How the weight is stored.</param>
internal abstract class WeightEncoder(WeightCodec codec)
{
    private readonly Dictionary<string, byte[]> _bytes =
        codec.Rewritten.ToDictionary(part => part.Name, part => new byte[part.ByteLength], StringComparer.Ordinal);

    /// <summary>Encodes some values.</summary>
    /// <param name="firstElement">Number of the first: a multiple of <see cref="WeightCodec.UnitLength"/>.</param>
    /// <param name="values">As many as are encoded together, or what is left.</param>
    /// <param name="decoded">Gets what the codes stand for.</param>
    public abstract void Encode(long firstElement, ReadOnlySpan<float> values, Span<float> decoded);

    /// <summary>The new bytes of a part; whole when all values are encoded.</summary>
    public byte[] BytesOf(StoredTensor part) => _bytes[part.Name];
}
