using System.Runtime.InteropServices;

namespace LoraMerge.Quantized;

/// <summary>Codes of <see cref="AwqGemmCodec"/>, output by output.</summary>
internal sealed class AwqGemmEncoder(AwqGemmCodec codec) : WeightEncoder(codec)
{
    private const int Bits = 4;

    public override void Encode(long firstElement, ReadOnlySpan<float> values, Span<float> decoded)
    {
        var groups = new IntegerGroups(Bits, Middle: null, LeastZero: 0);
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(BytesOf(codec.Codes).AsSpan());
        Span<uint> zeros = MemoryMarshal.Cast<byte, uint>(BytesOf(codec.Zeros).AsSpan());
        int output = (int)(firstElement / values.Length), width = (int)codec.Codes.Shape[1], shift = AwqGemmCodec.ShiftOf(output);
        int word = output / AwqGemmCodec.PerWord;
        for (int left = 0, group = 0; left < values.Length; left += (int)codec.GroupLength, group++)
        {
            ReadOnlySpan<float> some = values.Slice(left, (int)Math.Min(codec.GroupLength, values.Length - left));
            (double scale, int zero) = groups.Store(codec.Scales.DType, BytesOf(codec.Scales), ((long)group * width * AwqGemmCodec.PerWord) + output, some);
            zeros[(group * width) + word] |= (uint)zero << shift;
            for (int i = 0; i < some.Length; i++)
            {
                int number = groups.Of(some[i], scale, zero);
                words[((left + i) * width) + word] |= (uint)number << shift;
                decoded[left + i] = (float)((number - zero) * scale);
            }
        }
    }
}
