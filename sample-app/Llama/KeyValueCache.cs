namespace SampleApp.Llama;

/// <summary>What the layers remember of a text: keys and values of every token so far. Thanks to it, each token is computed only once.</summary>
internal sealed class KeyValueCache(int layerCount)
{
    private readonly (List<float[]> Keys, List<float[]> Values)[] _layers =
        [.. Enumerable.Range(0, layerCount).Select(_ => (new List<float[]>(), new List<float[]>()))];

    /// <summary>Tokens read so far.</summary>
    public int Length => Keys(0).Count;

    /// <summary>Token by token: [keyHeads * headDim].</summary>
    public List<float[]> Keys(int layer) => _layers[layer].Keys;

    /// <summary>Token by token: [keyHeads * headDim].</summary>
    public List<float[]> Values(int layer) => _layers[layer].Values;
}
