namespace SampleApp.Llama;

/// <summary>
/// RoPE: tells queries and keys where in the text they stand, by turning them. A head is taken as points on a plane, and
/// each point is turned by an angle that grows with the position; the first points turn fast, the last ones hardly at all.
/// </summary>
internal sealed class RotaryEmbedding
{
    private readonly int _headDim;
    private readonly float[] _anglePerPosition; // [headDim / 2]

    public RotaryEmbedding(LlamaConfig config)
    {
        _headDim = config.HeadDim;
        _anglePerPosition = new float[_headDim / 2];
        for (int i = 0; i < _anglePerPosition.Length; i++)
            _anglePerPosition[i] = 1 / MathF.Pow(config.RopeParameters.RopeTheta, 2f * i / _headDim);
    }

    /// <param name="heads">[heads * headDim]: queries or keys of a token.</param>
    /// <param name="position">0 for the first token of the text.</param>
    public void Rotate(Span<float> heads, int position)
    {
        for (; heads.Length > 0; heads = heads[_headDim..])
        {
            // Point i is (xs[i], ys[i]): Llama keeps all x in the first half of a head and all y in the second.
            Span<float> xs = heads[..(_headDim / 2)];
            Span<float> ys = heads[(_headDim / 2).._headDim];

            for (int i = 0; i < xs.Length; i++)
            {
                (float sin, float cos) = MathF.SinCos(position * _anglePerPosition[i]);
                (xs[i], ys[i]) = (xs[i] * cos - ys[i] * sin, ys[i] * cos + xs[i] * sin);
            }
        }
    }
}
