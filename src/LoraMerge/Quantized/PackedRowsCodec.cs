using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>Values of a weight of <see cref="CompressedTensorsPacked"/> and <see cref="Awq"/>'s GEMV: numbers packed along its rows.</summary>
/// <param name="Codes">Words, <c>[rows, words]</c>.</param>
/// <param name="Scales"><c>[rows, groups]</c>, maybe with more columns that are not used; or one for all.</param>
/// <param name="Packing">How numbers lie in words.</param>
/// <param name="Columns">Numbers in a row.</param>
/// <param name="GroupLength">Columns of a group.</param>
internal sealed record PackedRowsCodec(StoredTensor Codes, StoredTensor Scales, PackedIntegers Packing, long Columns, long GroupLength) : WeightCodec
{
    /// <summary>Packed as <see cref="ZerosAreInRows"/> says, or a signed byte each, with 2^(bits - 1) taken off; null where all are that.</summary>
    public StoredTensor? ZeroPoints { get; init; }

    /// <summary>Whether zero points are packed along the rows, as the numbers are; else down the rows.</summary>
    public bool ZerosAreInRows { get; init; }

    /// <summary>The group of each column; null where they follow one another.</summary>
    public StoredTensor? Groups { get; init; }

    public override ImmutableArray<StoredTensor> Parts => Present(Codes, Scales, ZeroPoints, Groups);

    public override long HeldBytes => Decoder.PieceLength + (Columns * 5) + (ZeroPoints?.ByteLength ?? 0) + (Decoder.PieceLength * 8 / GroupLength * 12);

    private long GroupCount => (Columns + GroupLength - 1) / GroupLength;

    public override ImmutableArray<StoredTensor> Rewritten => Present(Codes, Scales, ZeroPoints);

    /// <summary>All, where a scale is of all; else a row.</summary>
    public override long UnitLength => Scales.ElementCount == 1 ? Codes.Shape[0] * Columns : Columns;

    public override string? RequantizeObstacle(TensorFiles files) =>
        Groups is null ? null : "its columns are quantised in an order of their activations (act-order, weight_g_idx)";

    public override WeightEncoder OpenEncoder(TensorFiles files) => new PackedRowsEncoder(this);

    public override WeightDecoder Open(TensorFiles files) => new Decoder(this, files);

    private sealed class Decoder : RowDecoder
    {
        public const int PieceLength = 1 << 17;

        private readonly PackedRowsCodec _codec;
        private readonly TensorFiles _files;
        private readonly GroupedRow _row;
        private readonly uint[] _zeroWords;
        private readonly int[] _zeros;
        private readonly byte[] _numbers;
        private uint[] _words = [];
        private double[] _scales = [];

        public Decoder(PackedRowsCodec codec, TensorFiles files)
            : base(checked((int)codec.Columns))
        {
            (_codec, _files) = (codec, files);
            int groups = (int)codec.GroupCount;
            _row = new GroupedRow(codec.Packing.Bits, codec.GroupLength, codec.Groups is null ? null : Numbers.Groups(files, codec.Groups, groups));
            _zeroWords = codec.ZeroPoints is not { DType: DType.I32 } ? [] : Words.All(files, codec.ZeroPoints);
            _zeros = new int[groups];
            _numbers = new byte[RowLength];
        }

        protected override void DecodeRows<T>(long firstRow, int rows, Span<T> destination)
        {
            int wordsPerRow = (int)_codec.Codes.Shape[1];
            int scalesPerRow = _codec.Scales.ElementCount == 1 ? 0 : (int)_codec.Scales.Shape[1];
            int together = Math.Max(PieceLength / (Math.Max(wordsPerRow, 1) * sizeof(uint)), 1);
            for (int done = 0; done < rows; done += together)
            {
                int count = Math.Min(together, rows - done);
                if (_words.Length < count * wordsPerRow)
                    (_words, _scales) = (new uint[count * wordsPerRow], new double[Math.Max(count * scalesPerRow, 1)]);
                Words.Read(_files, _codec.Codes, (firstRow + done) * wordsPerRow, _words.AsSpan(0, count * wordsPerRow));
                Numbers.Scales(_files, _codec.Scales, (firstRow + done) * scalesPerRow, _scales.AsSpan(0, Math.Max(count * scalesPerRow, 1)));
                for (int row = 0; row < count; row++)
                {
                    _codec.Packing.Unpack(_words.AsSpan(row * wordsPerRow, wordsPerRow), _numbers);
                    ReadZeros(firstRow + done + row);
                    _row.Decode(
                        _numbers, _scales.AsSpan(row * scalesPerRow, _zeros.Length), _zeros, destination.Slice((done + row) * RowLength, RowLength));
                }
            }
        }

        private void ReadSignedZeros(StoredTensor zeroPoints, long row)
        {
            Span<byte> bytes = new byte[_zeros.Length];
            long first = zeroPoints.ElementCount == 1 ? 0 : row * _zeros.Length;
            _files.ReadInto(zeroPoints, first, bytes);
            int middle = 1 << (_codec.Packing.Bits - 1);
            for (int group = 0; group < _zeros.Length; group++)
            {
                _zeros[group] = (sbyte)bytes[group] + middle;
                if (_zeros[group] < 0 || _zeros[group] >= 2 * middle)
                    throw QuantizedErrors.ZeroPointOutside(zeroPoints, first + group, (sbyte)bytes[group], _codec.Packing.Bits);
            }
        }

        private void ReadZeros(long row)
        {
            if (_codec.ZeroPoints is not { } zeroPoints)
            {
                Array.Fill(_zeros, 1 << (_codec.Packing.Bits - 1));
                return;
            }
            if (zeroPoints.DType == DType.I8)
            {
                ReadSignedZeros(zeroPoints, row);
                return;
            }
            for (int group = 0; group < _zeros.Length; group++)
            {
                _zeros[group] = _codec.ZerosAreInRows
                    ? _codec.Packing.At(_zeroWords, group, row * zeroPoints.Shape[1])
                    : _codec.Packing.At(_zeroWords, row, group, zeroPoints.Shape[1]);
            }
        }
    }
}
