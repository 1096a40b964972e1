using System.Runtime.InteropServices;

namespace LoraMerge.Gguf.Blocks;

/// <summary>float32, as it is.</summary>
internal static class F32
{
    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values) => MemoryMarshal.Cast<byte, float>(blocks).CopyTo(values);

    public static void Quantise(ReadOnlySpan<float> values, Span<byte> blocks) => MemoryMarshal.AsBytes(values).CopyTo(blocks);
}
