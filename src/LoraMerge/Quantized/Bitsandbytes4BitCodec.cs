using System.Collections.Immutable;
using LoraMerge.Checkpoints;

namespace LoraMerge.Quantized;

/// <summary>Values of a weight of <see cref="Bitsandbytes4Bit"/>.</summary>
/// <param name="Codes">Two in a byte.</param>
/// <param name="Absmax">A scale for each block, or its code.</param>
/// <param name="Map">The value of each code.</param>
/// <param name="BlockSize">Values in a block.</param>
/// <param name="Nested">What the codes of scales mean; null where scales are numbers.</param>
internal sealed record Bitsandbytes4BitCodec(StoredTensor Codes, StoredTensor Absmax, StoredTensor Map, int BlockSize, NestedScales? Nested) : WeightCodec
{
    public override ImmutableArray<StoredTensor> Parts => Present(Codes, Absmax, Map, Nested?.Absmax, Nested?.Map);

    public override long HeldBytes => Decoder.PieceLength + (Nested is null ? 0 : (Nested.Absmax.ElementCount + 256) * sizeof(double));

    public override ImmutableArray<StoredTensor> Rewritten => Present(Codes, Absmax, Nested?.Absmax);

    /// <summary>Two blocks of scales, or some: even, so that each begins with a byte.</summary>
    public override long UnitLength => 2L * BlockSize * (Nested?.BlockSize ?? 256);

    public override WeightEncoder OpenEncoder(TensorFiles files) => new Bitsandbytes4BitEncoder(this, files);

    public override WeightDecoder Open(TensorFiles files) => new Decoder(this, files);

    private sealed class Decoder : WeightDecoder
    {
        public const int PieceLength = 1 << 16;

        private readonly Bitsandbytes4BitCodec _codec;
        private readonly TensorFiles _files;
        private readonly double[] _map;
        private readonly double[] _nestedMap = [];
        private readonly double[] _nestedAbsmax = [];
        private readonly byte[] _codes = new byte[PieceLength];
        private byte[] _scaleCodes = [];
        private double[] _scales = [];

        public Decoder(Bitsandbytes4BitCodec codec, TensorFiles files)
        {
            (_codec, _files) = (codec, files);
            _map = Numbers.Scales(files, codec.Map);
            if (codec.Nested is { } nested)
                (_nestedMap, _nestedAbsmax) = (Numbers.Scales(files, nested.Map), Numbers.Scales(files, nested.Absmax));
        }

        public override void Decode<T>(long firstElement, Span<T> destination)
        {
            while (!destination.IsEmpty)
            {
                // From an even element on, so that pieces begin with a byte.
                int skipped = (int)(firstElement & 1);
                int count = Math.Min((PieceLength * 2) - skipped, destination.Length);
                Span<byte> codes = _codes.AsSpan(0, (skipped + count + 1) / 2);
                _files.ReadInto(_codec.Codes, firstElement / 2, codes);
                Decode(firstElement, skipped, codes, destination[..count]);
                firstElement += count;
                destination = destination[count..];
            }
        }

        private void Decode<T>(long firstElement, int skipped, ReadOnlySpan<byte> codes, Span<T> destination)
            where T : unmanaged
        {
            long block = firstElement / _codec.BlockSize;
            ReadScales(block, (int)(((firstElement + destination.Length - 1) / _codec.BlockSize) - block + 1));
            Span<T> table = stackalloc T[16];
            for (int scale = 0, at = 0; at < destination.Length; scale++)
            {
                int end = (int)Math.Min(((block + scale + 1) * _codec.BlockSize) - firstElement, destination.Length);
                for (int code = 0; code < 16; code++)
                    table[code] = Numbers.As<T>(_map[code] * _scales[scale]);
                at = Look(table, codes, skipped, at, end, destination);
            }
        }

        /// <summary>Values of one block, of which there is one for each code.</summary>
        private static int Look<T>(ReadOnlySpan<T> table, ReadOnlySpan<byte> codes, int skipped, int at, int end, Span<T> destination)
            where T : unmanaged
        {
            if (((skipped + at) & 1) != 0 && at < end)
            {
                destination[at] = table[codes[(skipped + at) >> 1] & 15];
                at++;
            }
            int pairs = (end - at) / 2;
            ReadOnlySpan<byte> whole = codes.Slice((skipped + at) >> 1, pairs);
            Span<T> into = destination.Slice(at, pairs * 2);
            for (int i = 0; i < whole.Length; i++)
            {
                int pair = whole[i];
                into[2 * i] = table[pair >> 4];
                into[(2 * i) + 1] = table[pair & 15];
            }
            at += pairs * 2;
            if (at < end)
            {
                destination[at] = table[codes[(skipped + at) >> 1] >> 4];
                at++;
            }
            return at;
        }

        private void ReadScales(long first, int count)
        {
            if (_scales.Length < count)
                (_scales, _scaleCodes) = (new double[count], new byte[count]);
            if (_codec.Nested is not { } nested)
            {
                Numbers.Scales(_files, _codec.Absmax, first, _scales.AsSpan(0, count));
                return;
            }
            Span<byte> codes = _scaleCodes.AsSpan(0, count);
            _files.ReadInto(_codec.Absmax, first, codes);
            for (int i = 0; i < count; i++)
                _scales[i] = (_nestedMap[codes[i]] * _nestedAbsmax[(first + i) / nested.BlockSize]) + nested.Offset;
        }
    }
}

/// <summary>Scales that are quantised themselves.</summary>
/// <param name="Absmax">A scale for each block of scales.</param>
/// <param name="Map">The value of each code.</param>
/// <param name="BlockSize">Scales in a block.</param>
/// <param name="Offset">Added to each.</param>
internal sealed record NestedScales(StoredTensor Absmax, StoredTensor Map, int BlockSize, double Offset);
