using System.Collections.Immutable;
using LoraMerge.Checkpoints;

namespace LoraMerge.Quantized;

/// <summary>Values of a weight of <see cref="Awq"/>'s GEMM. Its words lie input by input, so a row of the weight is a column of them: they are held.</summary>
/// <param name="Codes">Words, <c>[inputs, outputs/8]</c>.</param>
/// <param name="Scales"><c>[groups, outputs]</c>.</param>
/// <param name="Zeros">Words, <c>[groups, outputs/8]</c>.</param>
/// <param name="GroupLength">Inputs of a group.</param>
internal sealed record AwqGemmCodec(StoredTensor Codes, StoredTensor Scales, StoredTensor Zeros, long GroupLength) : WeightCodec
{
    public const int PerWord = 8;

    /// <summary>The nibble of each column of eight.</summary>
    private static readonly int[] s_order = [0, 4, 1, 5, 2, 6, 3, 7];

    public override ImmutableArray<StoredTensor> Parts => [Codes, Scales, Zeros];

    public override ImmutableArray<StoredTensor> Rewritten => Parts;

    public override long HeldBytes =>
        Codes.ByteLength + (Scales.ElementCount * sizeof(double)) + Zeros.ByteLength + (Codes.Shape[0] * ((Decoder.Tile * sizeof(uint)) + 1));

    public override long UnitLength => Codes.Shape[0];

    public override WeightEncoder OpenEncoder(TensorFiles files) => new AwqGemmEncoder(this);

    /// <summary>Where an output's nibble lies in its word.</summary>
    internal static int ShiftOf(int output) => s_order[output % PerWord] * 4;

    public override WeightDecoder Open(TensorFiles files) => new Decoder(this, files);

    private sealed class Decoder : RowDecoder
    {
        /// <summary>Words side by side that are turned round together: a line of the processor's cache holds as many.</summary>
        public const int Tile = 16;

        private readonly GroupedRow _row;
        private readonly uint[] _codes;
        private readonly double[] _scales;
        private readonly uint[] _zeroWords;
        private readonly uint[] _tile;
        private readonly byte[] _numbers;
        private readonly double[] _rowScales;
        private readonly int[] _rowZeros;
        private readonly int _width;
        private int _firstOfTile = -Tile;

        public Decoder(AwqGemmCodec codec, TensorFiles files)
            : base(checked((int)codec.Codes.Shape[0]))
        {
            int groups = checked((int)codec.Scales.Shape[0]);
            _width = checked((int)codec.Codes.Shape[1]);
            _row = new GroupedRow(4, codec.GroupLength, null);
            _codes = Words.All(files, codec.Codes);
            _scales = Numbers.Scales(files, codec.Scales);
            _zeroWords = Words.All(files, codec.Zeros);
            _tile = new uint[RowLength * Tile];
            _numbers = new byte[RowLength];
            (_rowScales, _rowZeros) = (new double[groups], new int[groups]);
        }

        protected override void DecodeRows<T>(long firstRow, int rows, Span<T> destination)
        {
            for (int done = 0; done < rows; done++)
            {
                int output = (int)firstRow + done, word = output / PerWord, shift = ShiftOf(output);
                if (word < _firstOfTile || word >= _firstOfTile + Tile)
                    TurnRound(word / Tile * Tile);
                ReadOnlySpan<uint> column = _tile.AsSpan((word - _firstOfTile) * RowLength, RowLength);
                for (int input = 0; input < column.Length; input++)
                    _numbers[input] = (byte)((column[input] >> shift) & 15);
                for (int group = 0; group < _rowScales.Length; group++)
                {
                    _rowScales[group] = _scales[(group * _width * PerWord) + output];
                    _rowZeros[group] = (int)(_zeroWords[(group * _width) + word] >> shift) & 15;
                }
                _row.Decode(_numbers, _rowScales, _rowZeros, destination.Slice(done * RowLength, RowLength));
            }
        }

        private void TurnRound(int first)
        {
            _firstOfTile = first;
            int count = Math.Min(Tile, _width - first);
            for (int input = 0; input < RowLength; input++)
            {
                ReadOnlySpan<uint> side = _codes.AsSpan((input * _width) + first, count);
                for (int word = 0; word < side.Length; word++)
                    _tile[(word * RowLength) + input] = side[word];
            }
        }
    }
}
