using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Blocks;

/// <summary>Widens whole blocks to float32.</summary>
/// <param name="blocks">Bytes of whole blocks.</param>
/// <param name="values">Room for all their elements.</param>
internal delegate void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values);

/// <summary>Rounds values to whole blocks.</summary>
/// <param name="values">Finite; as many as fill whole blocks.</param>
/// <param name="blocks">Room for these blocks.</param>
/// <exception cref="OverflowException">A value or a scale is too large for the type.</exception>
internal delegate void Quantise(ReadOnlySpan<float> values, Span<byte> blocks);

/// <summary>What one type does with its blocks.</summary>
/// <param name="Type">The type.</param>
/// <param name="Dequantise">From the file.</param>
/// <param name="Quantise">To the file; null for types that are only read.</param>
internal sealed record BlockCodec(GgufType Type, Dequantise Dequantise, Quantise? Quantise = null);
