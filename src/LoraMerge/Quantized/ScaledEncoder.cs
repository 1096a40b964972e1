using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>Codes of <see cref="ScaledCodec"/>: the largest magnitude of a block becomes the largest code.</summary>
/// <remarks>
/// FP8: scale = largest / 448; where it is an exponent, or stands for one (DeepSeek's <c>scale_fmt</c> ue8m0), the next above.
/// int8 of bitsandbytes: SCB = largest, codes up to 127. int8 of compressed-tensors,
/// <c>quantization/utils/helpers.py</c>, <c>calculate_qparams</c>: scale = largest / 127.5, or (most - least) / 255 with a zero point.
/// </remarks>
internal sealed class ScaledEncoder : WeightEncoder
{
    private readonly ScaledCodec _codec;
    private readonly byte[] _codes;
    private readonly byte[] _scales;
    private readonly byte[] _zeros;
    private readonly long _rowLength;

    public ScaledEncoder(ScaledCodec codec)
        : base(codec)
    {
        _codec = codec;
        _codes = BytesOf(codec.Codes);
        _scales = BytesOf(codec.Scales);
        _zeros = codec.ZeroPoints is null ? [] : BytesOf(codec.ZeroPoints);
        _rowLength = codec.Grid.RowLength;
    }

    public override void Encode(long firstElement, ReadOnlySpan<float> values, Span<float> decoded)
    {
        ScaleGrid grid = _codec.Grid;
        long firstRow = firstElement / _rowLength;
        int rows = (int)(values.Length / _rowLength);
        // Several blocks one below another where a unit is a matrix.
        int height = _codec.Scales.ElementCount == 1 ? rows : (int)grid.BlockRows;
        for (int top = 0; top < rows; top += height)
        {
            for (long block = 0; block < grid.Columns; block++)
            {
                int left = (int)(block * grid.BlockColumns), width = (int)Math.Min(grid.BlockColumns, _rowLength - left);
                Encode((grid.RowOf(firstRow + top) * grid.Columns) + block, firstElement, top, Math.Min(height, rows - top), left, width, values, decoded);
            }
        }
    }

    private void Encode(long scaleIndex, long firstElement, int top, int height, int left, int width, ReadOnlySpan<float> values, Span<float> decoded)
    {
        double most = 0, least = 0;
        for (int row = top; row < top + height; row++)
        {
            foreach (float value in values.Slice((int)(row * _rowLength) + left, width))
                (most, least) = (Math.Max(most, value), Math.Min(least, value));
        }
        (double scale, int zero) = Scale(scaleIndex, most, least);
        for (int row = top; row < top + height; row++)
        {
            for (int column = left; column < left + width; column++)
            {
                int at = (int)(row * _rowLength) + column;
                byte code = CodeOf(scale == 0 ? 0 : values[at] / scale, zero);
                _codes[firstElement + at] = code;
                decoded[at] = (float)((_codec.Codes.DType == DType.I8 ? (sbyte)code - zero : Numbers.E4M3[code]) * scale);
            }
        }
    }

    private (double Scale, int Zero) Scale(long index, double most, double least)
    {
        double largest = Math.Max(most, -least);
        if (_codec.Codes.DType != DType.I8)
            return (Rounding.Store(_codec.Scales.DType, _scales, index, ScaleOfFloats(largest)), 0);
        if (_codec.Factor != 1)
            return (Rounding.Store(_codec.Scales.DType, _scales, index, largest) * _codec.Factor, 0);
        int levels = (1 << _codec.Bits) - 1;
        if (_codec.ZeroPoints is null)
            return (Rounding.Store(_codec.Scales.DType, _scales, index, largest == 0 ? 1 : largest / (levels / 2.0)), 0);
        double scale = Rounding.Store(_codec.Scales.DType, _scales, index, largest == 0 ? 1 : (most - least) / levels);
        int lowest = -(1 << (_codec.Bits - 1));
        int zero = scale == 0 ? 0 : (int)Math.Clamp(Math.Round(lowest - (least / scale)), lowest, -lowest - 1);
        _zeros[index] = (byte)(sbyte)zero;
        return (scale, zero);
    }

    private double ScaleOfFloats(double largest)
    {
        double scale = largest == 0 ? 1 : largest / Rounding.LargestE4M3;
        return _codec.ScalesArePowers ? Rounding.PowerFrom(scale) : scale;
    }

    private byte CodeOf(double ratio, int zero)
    {
        if (_codec.Codes.DType != DType.I8)
            return Rounding.ToE4M3(ratio);
        int limit = 1 << (_codec.Bits - 1);
        return (byte)(sbyte)Math.Clamp(Math.Round(ratio) + zero, _codec.Factor != 1 ? -limit + 1 : -limit, limit - 1);
    }
}
