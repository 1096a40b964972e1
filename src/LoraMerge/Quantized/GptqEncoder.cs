using System.Runtime.InteropServices;
using LoraMerge.Checkpoints;

namespace LoraMerge.Quantized;

/// <summary>Codes of <see cref="GptqCodec"/>, output by output; a zero point that all outputs share stays.</summary>
internal sealed class GptqEncoder : WeightEncoder
{
    private readonly GptqCodec _codec;
    private readonly IntegerGroups _groups;
    private readonly byte[] _scales;

    public GptqEncoder(GptqCodec codec, TensorFiles files)
        : base(codec)
    {
        _codec = codec;
        _scales = BytesOf(codec.Scales);
        int bits = codec.Packing.Bits, middle = 1 << (bits - 1);
        // Where the zero is stored less one, readers differ on 0; AutoGPTQ cannot store it either. No value is lost by that: see IntegerGroups.
        _groups = new IntegerGroups(bits, AreAll(codec, files, middle) ? middle : null, LeastZero: codec.ZerosAreLessOne ? 1 : 0);
    }

    public override void Encode(long firstElement, ReadOnlySpan<float> values, Span<float> decoded)
    {
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(BytesOf(_codec.Codes).AsSpan());
        Span<uint> zeros = MemoryMarshal.Cast<byte, uint>(BytesOf(_codec.Zeros).AsSpan());
        long output = firstElement / _codec.Inputs, outputs = _codec.Codes.Shape[1];
        for (int left = 0, group = 0; left < values.Length; left += (int)_codec.GroupLength, group++)
        {
            ReadOnlySpan<float> some = values.Slice(left, (int)Math.Min(_codec.GroupLength, values.Length - left));
            (double scale, int zero) = _groups.Store(_codec.Scales.DType, _scales, (group * outputs) + output, some);
            _codec.Packing.Put(zeros, output, _codec.ZerosAreLessOne ? zero - 1 : zero, group * _codec.Zeros.Shape[1]);
            for (int i = 0; i < some.Length; i++)
            {
                int number = _groups.Of(some[i], scale, zero);
                _codec.Packing.Put(words, left + i, number, output, outputs);
                decoded[left + i] = (float)((number - zero) * scale);
            }
        }
    }

    private static bool AreAll(GptqCodec codec, TensorFiles files, int middle)
    {
        uint[] zeros = Words.All(files, codec.Zeros);
        for (long group = 0; group < codec.Scales.Shape[0]; group++)
        {
            for (long output = 0; output < codec.Codes.Shape[1]; output++)
            {
                if (codec.Packing.At(zeros, output, group * codec.Zeros.Shape[1]) != (codec.ZerosAreLessOne ? middle - 1 : middle))
                    return false;
            }
        }
        return true;
    }
}
