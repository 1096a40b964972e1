using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>Four-bit floats (E2M1), two in a byte, times a scale for each group of columns, times or divided by one of the whole weight.</summary>
/// <param name="Codes">Two in a byte along a row, the first in the low nibble.</param>
/// <param name="Scales">8-bit floats, or exponents where they are bytes.</param>
/// <param name="GroupLength">Columns that have one scale.</param>
internal sealed record FourBitFloatCodec(StoredTensor Codes, StoredTensor Scales, int GroupLength) : WeightCodec
{
    /// <summary>The scale of the whole weight; null where there is none.</summary>
    public StoredTensor? Global { get; init; }

    public bool IsDividedByGlobal { get; init; }

    public override ImmutableArray<StoredTensor> Parts => Present(Codes, Scales, Global);

    public override long HeldBytes => Decoder.PieceLength + ((Scales.Shape[1] + (Decoder.PieceLength * 2 / GroupLength)) * sizeof(double)) + Codes.Shape[1];

    public override ImmutableArray<StoredTensor> Rewritten => Parts;

    /// <summary>All, where a scale is of all; else a row.</summary>
    public override long UnitLength => Global is null ? Codes.Shape[1] * 2 : Codes.ElementCount * 2;

    public override WeightEncoder OpenEncoder(TensorFiles files) => new FourBitFloatEncoder(this, files);

    public override WeightDecoder Open(TensorFiles files) => new Decoder(this, files);

    private sealed class Decoder : RowDecoder
    {
        public const int PieceLength = 1 << 17;

        private readonly FourBitFloatCodec _codec;
        private readonly TensorFiles _files;
        private readonly double _global = 1;
        private byte[] _codes = [];
        private double[] _scales = [];

        public Decoder(FourBitFloatCodec codec, TensorFiles files)
            : base(checked((int)codec.Codes.Shape[1] * 2))
        {
            (_codec, _files) = (codec, files);
            if (codec.Global is not null)
                _global = Numbers.Scales(files, codec.Global)[0];
            if (_global == 0 && codec.IsDividedByGlobal)
                throw QuantizedErrors.ScaleNotFinite(codec.Global!, 0, double.PositiveInfinity);
        }

        protected override void DecodeRows<T>(long firstRow, int rows, Span<T> destination)
        {
            int bytesPerRow = RowLength / 2, scalesPerRow = (int)_codec.Scales.Shape[1];
            int together = Math.Max(PieceLength / Math.Max(bytesPerRow, 1), 1);
            for (int done = 0; done < rows; done += together)
            {
                int count = Math.Min(together, rows - done);
                if (_codes.Length < count * bytesPerRow)
                    (_codes, _scales) = (new byte[count * bytesPerRow], new double[count * scalesPerRow]);
                _files.ReadInto(_codec.Codes, (firstRow + done) * bytesPerRow, _codes.AsSpan(0, count * bytesPerRow));
                ReadScales((firstRow + done) * scalesPerRow, _scales.AsSpan(0, count * scalesPerRow));
                for (int row = 0; row < count; row++)
                    DecodeRow(
                        _codes.AsSpan(row * bytesPerRow, bytesPerRow), _scales.AsSpan(row * scalesPerRow, scalesPerRow),
                        destination.Slice((done + row) * RowLength, RowLength));
            }
        }

        private void DecodeRow<T>(ReadOnlySpan<byte> codes, ReadOnlySpan<double> scales, Span<T> destination)
            where T : unmanaged
        {
            Span<T> table = stackalloc T[16];
            int bytes = _codec.GroupLength / 2;
            for (int group = 0, at = 0; at < codes.Length; group++, at += bytes)
            {
                for (int code = 0; code < 16; code++)
                    table[code] = Numbers.As<T>(Numbers.E2M1[code] * scales[group]);
                ReadOnlySpan<byte> pairs = codes.Slice(at, Math.Min(bytes, codes.Length - at));
                Span<T> into = destination.Slice(at * 2, pairs.Length * 2);
                for (int i = 0; i < pairs.Length; i++)
                {
                    int pair = pairs[i];
                    into[2 * i] = table[pair & 15];
                    into[(2 * i) + 1] = table[pair >> 4];
                }
            }
        }

        private void ReadScales(long first, Span<double> scales)
        {
            Numbers.Scales(_files, _codec.Scales, first, scales, areExponents: _codec.Scales.DType == DType.U8);
            if (_codec.Global is null)
                return;
            for (int i = 0; i < scales.Length; i++)
                scales[i] = _codec.IsDividedByGlobal ? scales[i] / _global : scales[i] * _global;
        }
    }
}
