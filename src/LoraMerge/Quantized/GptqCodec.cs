using System.Collections.Immutable;
using LoraMerge.Checkpoints;

namespace LoraMerge.Quantized;

/// <summary>Values of a weight of <see cref="Gptq"/>. Its words lie input by input, so a row of the weight is a column of them: they are held.</summary>
/// <param name="Codes">Words, <c>[inputs·bits/32, outputs]</c>.</param>
/// <param name="Scales"><c>[groups, outputs]</c>.</param>
/// <param name="Zeros">Words, <c>[groups, outputs·bits/32]</c>.</param>
/// <param name="Packing">How numbers lie in words.</param>
/// <param name="Inputs">Length of a row of the weight.</param>
/// <param name="GroupLength">Inputs of a group, where no order says otherwise.</param>
internal sealed record GptqCodec(
    StoredTensor Codes, StoredTensor Scales, StoredTensor Zeros, PackedIntegers Packing, long Inputs, long GroupLength) : WeightCodec
{
    /// <summary>The group of each input; null where they follow one another.</summary>
    public StoredTensor? Groups { get; init; }

    /// <summary>Whether the zero points are stored with 1 taken off.</summary>
    public bool ZerosAreLessOne { get; init; }

    public override ImmutableArray<StoredTensor> Parts => Present(Codes, Scales, Zeros, Groups);

    public override long HeldBytes =>
        Codes.ByteLength + (Scales.ElementCount * sizeof(double)) + Zeros.ByteLength + (Inputs * 5) + (Codes.Shape[0] * Decoder.Tile * sizeof(uint));

    public override ImmutableArray<StoredTensor> Rewritten => [Codes, Scales, Zeros];

    public override long UnitLength => Inputs;

    public override string? RequantizeObstacle(TensorFiles files) =>
        Decoder.OrderOf(this, files, (int)Scales.Shape[0]) is null ? null : "its columns are quantised in an order of their activations (act-order, g_idx)";

    public override WeightEncoder OpenEncoder(TensorFiles files) => new GptqEncoder(this, files);

    public override WeightDecoder Open(TensorFiles files) => new Decoder(this, files);

    /// <summary>
    /// gptqmodel's way back: 1 is added to all fields of a word at once, as it was taken off. A number that does not fit its field carries into the next.
    /// </summary>
    internal static void AddOne(Span<uint> zeros, int bits)
    {
        uint ones = bits switch { 2 => 0x5555_5555, 4 => 0x1111_1111, _ => 0x0101_0101 };
        for (int i = 0; i < zeros.Length; i++)
            zeros[i] = unchecked(zeros[i] + ones);
    }

    private sealed class Decoder : RowDecoder
    {
        /// <summary>Outputs whose words are turned round together: a line of the processor's cache holds as many.</summary>
        public const int Tile = 16;

        private readonly GptqCodec _codec;
        private readonly GroupedRow _row;
        private readonly uint[] _codes;
        private readonly double[] _scales;
        private readonly uint[] _zeroWords;
        private readonly uint[] _tile;
        private readonly byte[] _numbers;
        private readonly double[] _rowScales;
        private readonly int[] _rowZeros;

        public Decoder(GptqCodec codec, TensorFiles files)
            : base(checked((int)codec.Inputs))
        {
            _codec = codec;
            int groups = checked((int)codec.Scales.Shape[0]);
            _row = new GroupedRow(codec.Packing.Bits, codec.GroupLength, OrderOf(codec, files, groups));
            _codes = Words.All(files, codec.Codes);
            _scales = Numbers.Scales(files, codec.Scales);
            _zeroWords = Words.All(files, codec.Zeros);
            if (codec.ZerosAreLessOne && codec.Packing.Bits != 3)
                AddOne(_zeroWords, codec.Packing.Bits);
            _tile = new uint[codec.Codes.Shape[0] * Tile];
            _numbers = new byte[RowLength];
            (_rowScales, _rowZeros) = (new double[groups], new int[groups]);
        }

        protected override void DecodeRows<T>(long firstRow, int rows, Span<T> destination)
        {
            int height = (int)_codec.Codes.Shape[0], outputs = (int)_codec.Codes.Shape[1];
            for (int done = 0; done < rows; done += Tile)
            {
                int count = Math.Min(Tile, rows - done);
                int first = (int)firstRow + done;
                for (int word = 0; word < height; word++)
                {
                    ReadOnlySpan<uint> side = _codes.AsSpan((word * outputs) + first, count);
                    for (int row = 0; row < side.Length; row++)
                        _tile[(row * height) + word] = side[row];
                }
                for (int row = 0; row < count; row++)
                {
                    _codec.Packing.Unpack(_tile.AsSpan(row * height, height), _numbers);
                    ReadScales(first + row, outputs);
                    _row.Decode(_numbers, _rowScales, _rowZeros, destination.Slice((done + row) * RowLength, RowLength));
                }
            }
        }

        private void ReadScales(int output, int outputs)
        {
            for (int group = 0; group < _rowScales.Length; group++)
            {
                _rowScales[group] = _scales[(group * outputs) + output];
                int zero = _codec.Packing.At(_zeroWords, output, group * _codec.Zeros.Shape[1]);
                _rowZeros[group] = _codec.ZerosAreLessOne && _codec.Packing.Bits == 3 ? (zero + 1) & 7 : zero;
            }
        }

        /// <summary>An order in which groups follow one another is none: the faster way gives the same.</summary>
        public static int[]? OrderOf(GptqCodec codec, TensorFiles files, int groups)
        {
            if (codec.Groups is null)
                return null;
            int[] order = Numbers.Groups(files, codec.Groups, groups);
            for (int i = 0; i < order.Length; i++)
            {
                if (order[i] != i / codec.GroupLength)
                    return order;
            }
            return null;
        }
    }
}
