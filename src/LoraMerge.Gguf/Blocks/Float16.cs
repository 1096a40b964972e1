using System.Buffers.Binary;

namespace LoraMerge.Gguf.Blocks;

/// <summary>The scales in blocks: float16, little-endian.</summary>
internal static class Float16
{
    public static float Read(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);

    /// <summary>Writes the nearest float16, and gives it back.</summary>
    /// <exception cref="OverflowException">It would be infinite.</exception>
    public static float Write(Span<byte> bytes, float value)
    {
        var half = (Half)value;
        if (!Half.IsFinite(half))
            throw new OverflowException($"A scale of {value} is too large for float16.");
        BinaryPrimitives.WriteHalfLittleEndian(bytes, half);
        return (float)half;
    }
}
