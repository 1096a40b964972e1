using System.Collections.Immutable;
using LoraMerge.Checkpoints;

namespace LoraMerge.Quantized;

/// <summary>Values of a weight of <see cref="Mxfp4"/>. A matrix is stored turned round, so one at a time is held.</summary>
/// <param name="Blocks"><c>[experts, rows, K/32, 16]</c>.</param>
/// <param name="Scales"><c>[experts, rows, K/32]</c>.</param>
internal sealed record Mxfp4Codec(StoredTensor Blocks, StoredTensor Scales) : WeightCodec
{
    public const int BlockLength = 32;

    private const int BytesPerBlock = BlockLength / 2;

    public override ImmutableArray<StoredTensor> Parts => [Blocks, Scales];

    public override long HeldBytes => Blocks.Shape[0] == 0 ? 0
        : (Blocks.ByteLength / Blocks.Shape[0]) + (Scales.ElementCount / Blocks.Shape[0] * sizeof(double));

    public override ImmutableArray<StoredTensor> Rewritten => Parts;

    /// <summary>A matrix.</summary>
    public override long UnitLength => Blocks.Shape[1] * Blocks.Shape[2] * BlockLength;

    public override WeightEncoder OpenEncoder(TensorFiles files) => new Mxfp4Encoder(this);

    public override WeightDecoder Open(TensorFiles files) => new Decoder(this, files);

    private sealed class Decoder(Mxfp4Codec codec, TensorFiles files) : RowDecoder(checked((int)codec.Blocks.Shape[1]))
    {
        private const int Tile = 32;

        private readonly int _blocksPerRow = (int)codec.Blocks.Shape[2];
        private readonly byte[] _codes = new byte[codec.Blocks.Shape[1] * codec.Blocks.Shape[2] * BytesPerBlock];
        private readonly double[] _scales = new double[codec.Blocks.Shape[1] * codec.Blocks.Shape[2]];
        private long _matrix = -1;

        protected override void DecodeRows<T>(long firstRow, int rows, Span<T> destination)
        {
            long height = (long)_blocksPerRow * BlockLength;
            for (int done = 0; done < rows;)
            {
                long row = firstRow + done;
                if (row / height != _matrix)
                    ReadMatrix(row / height);
                int block = (int)(row % height / BlockLength), first = (int)(row % BlockLength);
                int count = Math.Min(BlockLength - first, rows - done);
                DecodeBlocks(block, first, count, destination.Slice(done * RowLength, count * RowLength));
                done += count;
            }
        }

        /// <summary>
        /// Some rows of the plain matrix, which are columns of one block of each stored row. Turned round in a tile that stays in the processor's cache:
        /// rows of the result may lie so that they push each other out of it.
        /// </summary>
        private void DecodeBlocks<T>(int block, int first, int count, Span<T> destination)
            where T : unmanaged
        {
            Span<T> tile = stackalloc T[BlockLength * Tile];
            Span<T> table = stackalloc T[16];
            for (int begin = 0; begin < RowLength; begin += Tile)
            {
                int width = Math.Min(Tile, RowLength - begin);
                for (int column = 0; column < width; column++)
                {
                    int at = ((begin + column) * _blocksPerRow) + block;
                    double scale = _scales[at];
                    for (int code = 0; code < 16; code++)
                        table[code] = Numbers.As<T>(Numbers.E2M1[code] * scale);
                    ReadOnlySpan<byte> codes = _codes.AsSpan(at * BytesPerBlock, BytesPerBlock);
                    for (int pair = 0; pair < codes.Length; pair++)
                    {
                        tile[(2 * pair * Tile) + column] = table[codes[pair] & 15];
                        tile[(((2 * pair) + 1) * Tile) + column] = table[codes[pair] >> 4];
                    }
                }
                for (int row = 0; row < count; row++)
                    tile.Slice((first + row) * Tile, width).CopyTo(destination.Slice((row * RowLength) + begin, width));
            }
        }

        private void ReadMatrix(long matrix)
        {
            _matrix = -1;
            files.ReadInto(codec.Blocks, matrix * _codes.Length, _codes);
            Numbers.Scales(files, codec.Scales, matrix * _scales.Length, _scales, areExponents: true);
            _matrix = matrix;
        }
    }
}
