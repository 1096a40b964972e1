using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Quantized;

/// <summary>Codes of a byte each, times a scale for each block: (code - zero point)·scale·factor.</summary>
/// <param name="Codes">int8 or an 8-bit float, in the shape of the weight.</param>
/// <param name="Scales">In the order of the grid.</param>
/// <param name="Grid">Which belongs to which.</param>
internal sealed record ScaledCodec(StoredTensor Codes, StoredTensor Scales, ScaleGrid Grid) : WeightCodec
{
    /// <summary>What all values are multiplied by.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Whether scales are powers of two, whatever their dtype.</summary>
    public bool ScalesArePowers { get; init; }

    /// <summary>Zero points of the blocks, each a byte; null where they are 0.</summary>
    public StoredTensor? ZeroPoints { get; init; }

    /// <summary>Bits of a code, which bound the zero points.</summary>
    public int Bits { get; init; } = 8;

    /// <summary>Which column of the grid each column belongs to; null where columns follow one another.</summary>
    public StoredTensor? Groups { get; init; }

    public override ImmutableArray<StoredTensor> Parts => Present(Codes, Scales, ZeroPoints, Groups);

    public override long HeldBytes =>
        (Decoder.PieceLength * 2) + (Grid.RowLength * sizeof(double)) + ((Grid.Columns + (Decoder.PieceLength / Grid.BlockColumns)) * 2 * sizeof(double));

    public override ImmutableArray<StoredTensor> Rewritten => Present(Codes, Scales, ZeroPoints);

    /// <summary>Rows of a block; where blocks of several matrices end between, a matrix; of one scale, all.</summary>
    public override long UnitLength => Scales.ElementCount == 1 ? Codes.ElementCount
        : Grid.RowLength * (Codes.Shape.Length == 2 || Grid.MatrixRows % Grid.BlockRows == 0 ? Math.Min(Grid.BlockRows, Grid.MatrixRows) : Grid.MatrixRows);

    public override string? RequantizeObstacle(TensorFiles files) =>
        Groups is not null ? "its columns are quantised in an order of their activations (act-order, weight_g_idx)"
        : Codes.DType == DType.F8_E5M2 ? "its numbers are F8_E5M2, which no quantiser writes for weights"
        : null;

    public override WeightEncoder OpenEncoder(TensorFiles files) => new ScaledEncoder(this);

    public override WeightDecoder Open(TensorFiles files) => new Decoder(this, files);

    private sealed class Decoder : RowDecoder
    {
        public const int PieceLength = 1 << 18;

        private readonly ScaledCodec _codec;
        private readonly TensorFiles _files;
        private readonly double[] _table;
        private readonly int[]? _groups;
        private byte[] _codes = [];
        private double[] _scales = [];
        private double[] _zeros = [];

        public Decoder(ScaledCodec codec, TensorFiles files)
            : base(checked((int)codec.Grid.RowLength))
        {
            (_codec, _files) = (codec, files);
            _table = codec.Codes.DType switch
            {
                DType.I8 => Numbers.Signed,
                DType.F8_E5M2 => Numbers.E5M2,
                _ => Numbers.E4M3,
            };
            if (codec.Groups is not null)
                _groups = Numbers.Groups(files, codec.Groups, codec.Grid.Columns);
        }

        protected override void DecodeRows<T>(long firstRow, int rows, Span<T> destination)
        {
            int together = Math.Max(PieceLength / RowLength, 1);
            for (int done = 0; done < rows; done += together)
            {
                int count = Math.Min(together, rows - done);
                Decode(firstRow + done, count, destination.Slice(done * RowLength, count * RowLength));
            }
        }

        private void Decode<T>(long firstRow, int rows, Span<T> destination)
            where T : unmanaged
        {
            if (_codes.Length < destination.Length)
                _codes = new byte[destination.Length];
            Span<byte> codes = _codes.AsSpan(0, destination.Length);
            _files.ReadInto(_codec.Codes, firstRow * RowLength, codes);
            ScaleGrid grid = _codec.Grid;
            int columns = (int)grid.Columns;
            int begin = 0;
            while (begin < rows)
            {
                // Rows of the same matrix have rows of the grid that follow one another; of shared grids, each matrix begins anew.
                int end = grid.IsShared ? (int)Math.Min(rows, begin + grid.MatrixRows - ((firstRow + begin) % grid.MatrixRows)) : rows;
                long first = grid.RowOf(firstRow + begin);
                ReadScales(first * columns, checked((int)((grid.RowOf(firstRow + end - 1) - first + 1) * columns)));
                for (int row = begin; row < end; row++)
                {
                    int at = (int)(grid.RowOf(firstRow + row) - first) * columns;
                    ReadOnlySpan<double> zeros = _codec.ZeroPoints is null ? default : _zeros.AsSpan(at, columns);
                    DecodeRow(codes.Slice(row * RowLength, RowLength), _scales.AsSpan(at, columns), zeros, destination.Slice(row * RowLength, RowLength));
                }
                begin = end;
            }
        }

        private void DecodeRow<T>(ReadOnlySpan<byte> codes, ReadOnlySpan<double> scales, ReadOnlySpan<double> zeros, Span<T> destination)
            where T : unmanaged
        {
            if (_groups is not null)
            {
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = Numbers.As<T>((_table[codes[i]] - (zeros.IsEmpty ? 0 : zeros[_groups[i]])) * scales[_groups[i]]);
                return;
            }
            int width = (int)Math.Min(_codec.Grid.BlockColumns, codes.Length);
            for (int block = 0, at = 0; at < codes.Length; block++, at += width)
            {
                int count = Math.Min(width, codes.Length - at);
                Multiply(codes.Slice(at, count), _table, zeros.IsEmpty ? 0 : zeros[block], scales[block], destination.Slice(at, count));
            }
        }

        private static void Multiply<T>(ReadOnlySpan<byte> codes, double[] table, double zero, double scale, Span<T> destination)
            where T : unmanaged
        {
            ReadOnlySpan<double> values = table.AsSpan(0, 256);
            for (int i = 0; i < codes.Length && i < destination.Length; i++)
                destination[i] = Numbers.As<T>((values[codes[i]] - zero) * scale);
        }

        private void ReadScales(long first, int count)
        {
            if (_scales.Length < count)
                (_scales, _zeros) = (new double[count], new double[count]);
            Numbers.Scales(_files, _codec.Scales, first, _scales.AsSpan(0, count));
            if (_codec.Factor != 1)
            {
                for (int i = 0; i < count; i++)
                    _scales[i] *= _codec.Factor; // two float32: exact
            }
            if (_codec.ZeroPoints is not { } zeroPoints)
                return;
            byte[] bytes = new byte[count];
            _files.ReadInto(zeroPoints, first, bytes);
            int limit = 1 << (_codec.Bits - 1);
            for (int i = 0; i < count; i++)
            {
                sbyte zero = (sbyte)bytes[i];
                if (zero < -limit || zero >= limit)
                    throw QuantizedErrors.ZeroPointOutside(zeroPoints, first + i, zero, _codec.Bits);
                _zeros[i] = zero;
            }
        }
    }
}
