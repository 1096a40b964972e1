namespace SampleApp.Llama;

/// <summary>A Llama: embedding, a row of equal layers, a last normalization, head.</summary>
internal sealed class LlamaModel
{
    private readonly LlamaConfig _config;
    private readonly Matrix _embedding; // [vocabulary, hidden]
    private readonly LlamaLayer[] _layers;
    private readonly RmsNorm _norm;
    private readonly Matrix _head; // [vocabulary, hidden]

    private LlamaModel(LlamaConfig config, Weights weights)
    {
        _config = config;
        _embedding = weights.Matrix("model.embed_tokens.weight");
        _layers = [.. Enumerable.Range(0, config.NumHiddenLayers).Select(i => new LlamaLayer(config, weights, i))];
        _norm = new RmsNorm(config, weights, "model.norm");
        _head = config.TieWordEmbeddings ? _embedding : weights.Matrix("lm_head.weight");
    }

    public int MaxPositions => _config.MaxPositionEmbeddings;

    public static LlamaModel Load(string folder)
    {
        LlamaConfig config = LlamaConfig.Load(Path.Combine(folder, "config.json"));
        using Weights weights = Weights.Open(Path.Combine(folder, "model.safetensors"));

        return new LlamaModel(config, weights);
    }

    /// <summary>The memory for a text that is about to be read.</summary>
    public KeyValueCache NewCache() => new(_config.NumHiddenLayers);

    /// <summary>Reads the next token of a text.</summary>
    /// <param name="token">Its number in the vocabulary.</param>
    /// <param name="cache">What the model remembers of the tokens before; this one is added.</param>
    /// <returns>[vocabulary]: a score for every token to come after it.</returns>
    public float[] Read(int token, KeyValueCache cache)
    {
        float[] x = _embedding.Row(token).ToArray(); // [hidden]: from here on, these numbers stand for the token

        foreach (LlamaLayer layer in _layers)
            layer.Refine(x, cache);

        return _head.Times(_norm.Normalize(x)); // [vocabulary]
    }
}
