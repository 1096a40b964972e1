using LoraMerge.Checkpoints;

namespace LoraMerge.Quantized;

/// <summary>Codes of <see cref="Bitsandbytes4BitCodec"/>: absmax is the largest magnitude of a block; where it is a code itself, the nearest.</summary>
/// <remarks>The state keeps its bytes: scales that are quantised are so around the offset that the base has.</remarks>
internal sealed class Bitsandbytes4BitEncoder : WeightEncoder
{
    private readonly Bitsandbytes4BitCodec _codec;
    private readonly NearestCode _values;
    private readonly NearestCode? _scales;
    private readonly byte[] _codes;
    private readonly byte[] _absmax;
    private readonly byte[] _nestedAbsmax;

    public Bitsandbytes4BitEncoder(Bitsandbytes4BitCodec codec, TensorFiles files)
        : base(codec)
    {
        _codec = codec;
        _values = new NearestCode(Numbers.Scales(files, codec.Map));
        _scales = codec.Nested is null ? null : new NearestCode(Numbers.Scales(files, codec.Nested.Map));
        (_codes, _absmax) = (BytesOf(codec.Codes), BytesOf(codec.Absmax));
        _nestedAbsmax = codec.Nested is null ? [] : BytesOf(codec.Nested.Absmax);
    }

    public override void Encode(long firstElement, ReadOnlySpan<float> values, Span<float> decoded)
    {
        int size = _codec.BlockSize;
        long firstBlock = firstElement / size;
        double[] scales = new double[(values.Length + size - 1) / size];
        for (int block = 0; block < scales.Length; block++)
            scales[block] = Rounding.Largest(values.Slice(block * size, Math.Min(size, values.Length - (block * size))));
        StoreScales(firstBlock, scales);
        for (int i = 0; i < values.Length; i++)
        {
            double scale = scales[i / size];
            int code = _values.Of(scale == 0 ? 0 : values[i] / scale);
            decoded[i] = (float)(_values[code] * scale);
            long at = firstElement + i;
            _codes[at >> 1] |= (byte)(code << ((at & 1) == 0 ? 4 : 0));
        }
    }

    /// <summary>Stores them, and replaces each by what is stored.</summary>
    private void StoreScales(long first, double[] scales)
    {
        if (_codec.Nested is not { } nested)
        {
            for (int i = 0; i < scales.Length; i++)
                scales[i] = Rounding.Store(Safetensors.DType.F32, _absmax, first + i, scales[i]);
            return;
        }
        for (int begin = 0; begin < scales.Length; begin += nested.BlockSize)
        {
            Span<double> some = scales.AsSpan(begin, Math.Min(nested.BlockSize, scales.Length - begin));
            double largest = 0;
            foreach (double scale in some)
                largest = Math.Max(largest, Math.Abs(scale - nested.Offset));
            largest = Rounding.Store(Safetensors.DType.F32, _nestedAbsmax, (first + begin) / nested.BlockSize, largest);
            for (int i = 0; i < some.Length; i++)
            {
                int code = _scales!.Of(largest == 0 ? 0 : (some[i] - nested.Offset) / largest);
                _absmax[first + begin + i] = (byte)code;
                some[i] = (_scales[code] * largest) + nested.Offset;
            }
        }
    }
}
