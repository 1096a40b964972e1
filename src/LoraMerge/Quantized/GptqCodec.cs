using System.Collections.Immutable;
using LoraMerge.Checkpoints;

namespace LoraMerge.Quantized;

/// <summary>Values of a weight of <see cref="Gptq"/>, whose words lie input by input.</summary>
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

    public override long HeldBytes => ColumnDecoder.HeldBytesOf(Codes, Scales, Zeros, Inputs) + (Inputs * sizeof(int));

    public override ImmutableArray<StoredTensor> Rewritten => [Codes, Scales, Zeros];

    public override long UnitLength => Inputs;

    public override string? RequantizeObstacle(TensorFiles files) =>
        OrderOf(files) is null ? null : "its columns are quantised in an order of their activations (act-order, g_idx)";

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

    /// <summary>An order in which groups follow one another is none: the faster way gives the same.</summary>
    private int[]? OrderOf(TensorFiles files)
    {
        if (Groups is null)
            return null;
        int[] order = Numbers.Groups(files, Groups, (int)Scales.Shape[0]);
        for (int i = 0; i < order.Length; i++)
        {
            if (order[i] != i / GroupLength)
                return order;
        }
        return null;
    }

    private sealed class Decoder : ColumnDecoder
    {
        private readonly GptqCodec _codec;

        public Decoder(GptqCodec codec, TensorFiles files)
            : base(
                files, codec.Codes, codec.Scales, codec.Zeros, outputsPerWord: 1, codec.Inputs,
                new GroupedRow(codec.Packing.Bits, codec.GroupLength, codec.OrderOf(files)))
        {
            _codec = codec;
            if (codec.ZerosAreLessOne && codec.Packing.Bits != 3)
                AddOne(ZeroWords, codec.Packing.Bits);
        }

        protected override void ReadNumbers(ReadOnlySpan<uint> column, int output, Span<byte> numbers) => _codec.Packing.Unpack(column, numbers);

        protected override void ReadZeros(int output, Span<int> zeros)
        {
            long width = _codec.Zeros.Shape[1];
            for (int group = 0; group < zeros.Length; group++)
            {
                int zero = _codec.Packing.At(ZeroWords, output, group * width);
                zeros[group] = _codec.ZerosAreLessOne && _codec.Packing.Bits == 3 ? (zero + 1) & 7 : zero;
            }
        }
    }
}
