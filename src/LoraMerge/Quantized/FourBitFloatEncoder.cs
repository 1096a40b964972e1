using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>Codes of <see cref="FourBitFloatCodec"/>.</summary>
/// <remarks>
/// NVFP4: scale = largest / 6, in units of the scale of the whole weight, which stays the base's as long as all scales fit beside it: weights that an engine
/// fuses share it. Else it is largest of all / (6·448). MXFP4, OCP's rule: the exponent of the largest, less that of the largest code.
/// </remarks>
internal sealed class FourBitFloatEncoder : WeightEncoder
{
    private readonly FourBitFloatCodec _codec;
    private readonly byte[] _codes;
    private readonly byte[] _scales;
    private readonly double _global = 1;

    public FourBitFloatEncoder(FourBitFloatCodec codec, TensorFiles files)
        : base(codec)
    {
        _codec = codec;
        (_codes, _scales) = (BytesOf(codec.Codes), BytesOf(codec.Scales));
        if (codec.Global is not null)
            _global = Numbers.Scales(files, codec.Global)[0];
    }

    public override void Encode(long firstElement, ReadOnlySpan<float> values, Span<float> decoded)
    {
        int rowLength = (int)_codec.Codes.Shape[1] * 2, perRow = (int)_codec.Scales.Shape[1];
        double global = _codec.Global is null ? 1 : StoreGlobal(Rounding.Largest(values));
        for (int row = 0; row < values.Length / rowLength; row++)
        {
            for (int group = 0; group < perRow; group++)
            {
                int at = (row * rowLength) + (group * _codec.GroupLength), count = Math.Min(_codec.GroupLength, rowLength - (group * _codec.GroupLength));
                long index = (((firstElement / rowLength) + row) * perRow) + group;
                double scale = StoreScale(index, Rounding.Largest(values.Slice(at, count)), global);
                for (int i = at; i < at + count; i++)
                {
                    int code = Rounding.ToE2M1(scale == 0 ? 0 : values[i] / scale);
                    decoded[i] = (float)(Numbers.E2M1[code] * scale);
                    _codes[(firstElement + i) >> 1] |= (byte)(code << ((i & 1) * 4));
                }
            }
        }
    }

    /// <summary>What scales of groups are counted in.</summary>
    private double StoreGlobal(double largest)
    {
        double unit = _codec.IsDividedByGlobal ? 1 / _global : _global;
        bool fits = unit > 0 && largest / Rounding.LargestE2M1 / unit <= Rounding.LargestE4M3;
        double wanted = fits ? unit : largest / (Rounding.LargestE2M1 * Rounding.LargestE4M3);
        double stored = Rounding.Store(DType.F32, BytesOf(_codec.Global!), 0, fits ? _global : _codec.IsDividedByGlobal ? 1 / wanted : wanted);
        return _codec.IsDividedByGlobal ? 1 / stored : stored;
    }

    private double StoreScale(long index, double largest, double global)
    {
        if (_codec.Global is not null)
            return Rounding.Store(DType.F8_E4M3, _scales, index, largest / Rounding.LargestE2M1 / global) * global;
        return MicroScale.Store(_scales, index, largest);
    }
}
