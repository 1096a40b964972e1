using System.Numerics.Tensors;

namespace SampleApp.Llama;

/// <summary>
/// Attention: the token asks questions (queries), every token so far holds answers (values) under labels (keys), and the better
/// a label fits a question, the more of its answer is taken. Each question is one head; several heads share keys and values.
/// </summary>
internal sealed class Attention
{
    private readonly int _layer;
    private readonly int _headCount;
    private readonly int _headsPerKey;
    private readonly int _headDim;
    private readonly RotaryEmbedding _rotary;
    private readonly Matrix _queries; // [heads * headDim, hidden]
    private readonly Matrix _keys; // [keyHeads * headDim, hidden]
    private readonly Matrix _values; // [keyHeads * headDim, hidden]
    private readonly Matrix _output; // [hidden, heads * headDim]

    public Attention(LlamaConfig config, Weights weights, string name, int layer)
    {
        _layer = layer;
        _headCount = config.NumAttentionHeads;
        _headsPerKey = config.NumAttentionHeads / config.NumKeyValueHeads;
        _headDim = config.HeadDim;
        _rotary = new RotaryEmbedding(config);
        _queries = weights.Matrix($"{name}.q_proj.weight");
        _keys = weights.Matrix($"{name}.k_proj.weight");
        _values = weights.Matrix($"{name}.v_proj.weight");
        _output = weights.Matrix($"{name}.o_proj.weight");
    }

    /// <param name="x">[hidden]: the token, normalized.</param>
    /// <param name="cache">The tokens so far; this one is added.</param>
    /// <returns>[hidden]</returns>
    public float[] LookBack(ReadOnlySpan<float> x, KeyValueCache cache)
    {
        List<float[]> keys = cache.Keys(_layer); // tokens so far × [keyHeads * headDim]
        List<float[]> values = cache.Values(_layer); // the same
        int position = keys.Count;

        float[] queries = _queries.Times(x); // [heads * headDim]
        float[] key = _keys.Times(x); // [keyHeads * headDim]
        _rotary.Rotate(queries, position);
        _rotary.Rotate(key, position);
        keys.Add(key);
        values.Add(_values.Times(x));

        float[] answers = new float[queries.Length]; // [heads * headDim]
        for (int head = 0; head < _headCount; head++)
        {
            Range own = Place(head);
            Range shared = Place(head / _headsPerKey);
            Answer(queries.AsSpan(own), keys, values, shared, answers.AsSpan(own));
        }

        return _output.Times(answers); // [hidden]
    }

    private void Answer(ReadOnlySpan<float> query, List<float[]> keys, List<float[]> values, Range shared, Span<float> answer)
    {
        float[] shares = new float[keys.Count]; // [tokens so far]
        for (int i = 0; i < shares.Length; i++)
            shares[i] = TensorPrimitives.Dot(query, keys[i].AsSpan(shared)) / MathF.Sqrt(_headDim);

        TensorPrimitives.SoftMax(shares, shares); // now positive, and 1 in sum

        for (int i = 0; i < shares.Length; i++)
            TensorPrimitives.MultiplyAdd(values[i].AsSpan(shared), shares[i], answer, answer); // answer += share * value
    }

    private Range Place(int head) => (head * _headDim)..((head + 1) * _headDim);
}
