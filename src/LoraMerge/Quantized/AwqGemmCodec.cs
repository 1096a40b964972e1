using System.Collections.Immutable;
using LoraMerge.Checkpoints;

namespace LoraMerge.Quantized;

/// <summary>Values of a weight of <see cref="Awq"/>'s GEMM, whose words lie input by input.</summary>
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

    public override long HeldBytes => ColumnDecoder.HeldBytesOf(Codes, Scales, Zeros, inputs: Codes.Shape[0]);

    public override long UnitLength => Codes.Shape[0];

    public override WeightEncoder OpenEncoder(TensorFiles files) => new AwqGemmEncoder(this);

    /// <summary>Where an output's nibble lies in its word.</summary>
    internal static int ShiftOf(int output) => s_order[output % PerWord] * 4;

    public override WeightDecoder Open(TensorFiles files) => new Decoder(this, files);

    private sealed class Decoder(AwqGemmCodec codec, TensorFiles files)
        : ColumnDecoder(files, codec.Codes, codec.Scales, codec.Zeros, PerWord, codec.Codes.Shape[0], new GroupedRow(4, codec.GroupLength, null))
    {
        protected override void ReadNumbers(ReadOnlySpan<uint> column, int output, Span<byte> numbers)
        {
            int shift = ShiftOf(output);
            for (int input = 0; input < column.Length && input < numbers.Length; input++)
                numbers[input] = (byte)((column[input] >> shift) & 15);
        }

        protected override void ReadZeros(int output, Span<int> zeros)
        {
            int word = output / PerWord, width = (int)codec.Zeros.Shape[1], shift = ShiftOf(output);
            for (int group = 0; group < zeros.Length; group++)
                zeros[group] = (int)(ZeroWords[(group * width) + word] >> shift) & 15;
        }
    }
}
