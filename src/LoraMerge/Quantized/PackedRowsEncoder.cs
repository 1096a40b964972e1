using System.Runtime.InteropServices;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>Codes of <see cref="PackedRowsCodec"/>, row by row.</summary>
internal sealed class PackedRowsEncoder(PackedRowsCodec codec) : WeightEncoder(codec)
{
    public override void Encode(long firstElement, ReadOnlySpan<float> values, Span<float> decoded)
    {
        var groups = new IntegerGroups(codec.Packing.Bits, codec.ZeroPoints is null ? 1 << (codec.Packing.Bits - 1) : null, LeastZero: 0);
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(BytesOf(codec.Codes).AsSpan());
        byte[] scales = BytesOf(codec.Scales);
        bool isOne = codec.Scales.ElementCount == 1;
        for (int begin = 0; begin < values.Length; begin += (int)codec.Columns)
        {
            long row = (firstElement + begin) / codec.Columns;
            ReadOnlySpan<float> ofRow = values.Slice(begin, (int)codec.Columns);
            for (int left = 0, group = 0; left < codec.Columns; left += (int)codec.GroupLength, group++)
            {
                int count = (int)Math.Min(codec.GroupLength, codec.Columns - left);
                (double scale, int zero) = groups.Store(
                    codec.Scales.DType, scales, isOne ? 0 : (row * codec.Scales.Shape[1]) + group, isOne ? values : ofRow.Slice(left, count));
                if (codec.ZeroPoints is { } zeroPoints)
                    PutZero(zeroPoints, row, group, zero);
                for (int i = left; i < left + count; i++)
                {
                    int number = groups.Of(ofRow[i], scale, zero);
                    codec.Packing.Put(words, i, number, row * codec.Codes.Shape[1]);
                    decoded[begin + i] = (float)((number - zero) * scale);
                }
            }
        }
    }

    private void PutZero(StoredTensor zeroPoints, long row, int group, int zero)
    {
        if (zeroPoints.DType == DType.I8)
        {
            long index = zeroPoints.ElementCount == 1 ? 0 : (row * zeroPoints.Shape[1]) + group;
            BytesOf(zeroPoints)[index] = (byte)(sbyte)(zero - (1 << (codec.Packing.Bits - 1)));
            return;
        }
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(BytesOf(zeroPoints).AsSpan());
        if (codec.ZerosAreInRows)
            codec.Packing.Put(words, group, zero, row * zeroPoints.Shape[1]);
        else
            codec.Packing.Put(words, row, zero, group, zeroPoints.Shape[1]);
    }
}
