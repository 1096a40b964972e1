using System.Collections.Immutable;
using LoraMerge.Checkpoints;

namespace LoraMerge.Quantized;

/// <summary>
/// Experts of four-bit floats (E2M1) in one tensor, two in a byte, times a scale for each 16 of them and one of the whole stack or of each expert. Plain
/// numbers are made of it; it is not stored anew.
/// </summary>
/// <param name="Codes">
/// Bytes, <c>[experts, K/2, columns]</c> where they are packed down, else <c>[experts, rows, K/2]</c>; the first code in the low nibble.
/// </param>
/// <param name="Scales">8-bit floats, <c>[experts, K/16, columns]</c> or <c>[experts, rows, K/16]</c>.</param>
/// <param name="Globals">One, or one for each expert.</param>
/// <param name="ArePackedDown">Whether the two of a byte are of two rows of the plain weight, <c>[experts, K, columns]</c>, rather than of two columns.</param>
internal sealed record StackedFourBitFloatCodec(StoredTensor Codes, StoredTensor Scales, StoredTensor Globals, bool ArePackedDown) : WeightCodec
{
    /// <summary>Codes that have one scale.</summary>
    public const int GroupLength = 16;

    public override ImmutableArray<StoredTensor> Parts => [Codes, Scales, Globals];

    public override long HeldBytes => Codes.Shape[2] + ((Scales.Shape[2] + Globals.ElementCount) * sizeof(double));

    public override ImmutableArray<StoredTensor> Rewritten => [];

    public override long UnitLength => RowLength;

    private long RowLength => ArePackedDown ? Codes.Shape[2] : Codes.Shape[2] * 2;

    public override string RequantizeObstacle(TensorFiles files) => "its experts are stacked in one tensor, which is not stored anew";

    public override WeightEncoder OpenEncoder(TensorFiles files) => throw new InvalidOperationException($"'{Codes.Name}' is not stored anew.");

    public override WeightDecoder Open(TensorFiles files) => new Decoder(this, files);

    private sealed class Decoder : RowDecoder
    {
        private readonly StackedFourBitFloatCodec _codec;
        private readonly TensorFiles _files;
        private readonly double[] _globals;
        private readonly byte[] _codes;
        private readonly double[] _scales;
        private long _codeRow = -1, _scaleRow = -1;

        public Decoder(StackedFourBitFloatCodec codec, TensorFiles files)
            : base(checked((int)codec.RowLength))
        {
            (_codec, _files) = (codec, files);
            _globals = Numbers.Scales(files, codec.Globals);
            (_codes, _scales) = (new byte[codec.Codes.Shape[2]], new double[codec.Scales.Shape[2]]);
        }

        protected override void DecodeRows<T>(long firstRow, int rows, Span<T> destination)
        {
            long codeRows = _codec.Codes.Shape[1], scaleRows = _codec.Scales.Shape[1];
            for (int i = 0; i < rows; i++)
            {
                (long expert, long row) = Math.DivRem(firstRow + i, _codec.ArePackedDown ? codeRows * 2 : codeRows);
                Read((expert * codeRows) + (_codec.ArePackedDown ? row / 2 : row), (expert * scaleRows) + (_codec.ArePackedDown ? row / GroupLength : row));
                double global = _globals[_globals.Length == 1 ? 0 : expert];
                Span<T> into = destination.Slice(i * RowLength, RowLength);
                if (_codec.ArePackedDown)
                    DecodeDown(into, global, shift: (int)(row % 2) * 4);
                else
                    DecodeAlong(into, global);
            }
        }

        private void DecodeDown<T>(Span<T> row, double global, int shift)
            where T : unmanaged
        {
            for (int i = 0; i < row.Length; i++)
                row[i] = Numbers.As<T>(Numbers.E2M1[(_codes[i] >> shift) & 15] * (_scales[i] * global));
        }

        private void DecodeAlong<T>(Span<T> row, double global)
            where T : unmanaged
        {
            for (int i = 0; i < row.Length; i++)
                row[i] = Numbers.As<T>(Numbers.E2M1[(_codes[i / 2] >> (i % 2 * 4)) & 15] * (_scales[i / GroupLength] * global));
        }

        /// <summary>Rows of a plain weight that is packed down share those of its parts.</summary>
        private void Read(long codeRow, long scaleRow)
        {
            if (_codeRow != codeRow)
                _files.ReadInto(_codec.Codes, codeRow * _codes.Length, _codes);
            if (_scaleRow != scaleRow)
                Numbers.Scales(_files, _codec.Scales, scaleRow * _scales.Length, _scales);
            (_codeRow, _scaleRow) = (codeRow, scaleRow);
        }
    }
}
