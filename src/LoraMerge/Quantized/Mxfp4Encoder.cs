namespace LoraMerge.Quantized;

/// <summary>Codes of <see cref="Mxfp4Codec"/>, matrix by matrix, as it is stored turned round.</summary>
internal sealed class Mxfp4Encoder(Mxfp4Codec codec) : WeightEncoder(codec)
{
    private const int Block = Mxfp4Codec.BlockLength;

    public override void Encode(long firstElement, ReadOnlySpan<float> values, Span<float> decoded)
    {
        byte[] codes = BytesOf(codec.Blocks), exponents = BytesOf(codec.Scales);
        int columns = (int)codec.Blocks.Shape[1], blocks = (int)codec.Blocks.Shape[2];
        long firstBlock = firstElement / Block;
        for (int column = 0; column < columns; column++)
        {
            for (int block = 0; block < blocks; block++)
            {
                double largest = 0;
                for (int i = 0; i < Block; i++)
                    largest = Math.Max(largest, Math.Abs(values[(((block * Block) + i) * columns) + column]));
                long index = firstBlock + (column * blocks) + block;
                double scale = MicroScale.Store(exponents, index, largest);
                for (int i = 0; i < Block; i++)
                {
                    int at = (((block * Block) + i) * columns) + column;
                    int code = Rounding.ToE2M1(values[at] / scale);
                    decoded[at] = (float)(Numbers.E2M1[code] * scale);
                    codes[(index * Block / 2) + (i / 2)] |= (byte)(code << ((i & 1) * 4));
                }
            }
        }
    }
}
