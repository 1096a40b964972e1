namespace SampleApp.Llama;

/// <summary>config.json: the measures of a model.</summary>
/// <param name="ModelType">"llama"; models of other types compute something else.</param>
/// <param name="HiddenSize">Numbers that stand for one token on its way through the layers.</param>
/// <param name="NumHiddenLayers">Layers, one after the other.</param>
/// <param name="NumAttentionHeads">Queries per token and layer.</param>
/// <param name="NumKeyValueHeads">Keys (and values) per token and layer; each is shared by several queries.</param>
/// <param name="HeadDim">Length of a query, a key or a value.</param>
/// <param name="MaxPositionEmbeddings">The longest text that the model was made for, in tokens.</param>
/// <param name="RmsNormEps">Keeps a normalization from dividing by zero.</param>
/// <param name="RopeParameters">How positions are told apart.</param>
/// <param name="TieWordEmbeddings">Whether the embedding also is the head.</param>
internal sealed record LlamaConfig(
    string ModelType,
    int HiddenSize,
    int NumHiddenLayers,
    int NumAttentionHeads,
    int NumKeyValueHeads,
    int HeadDim,
    int MaxPositionEmbeddings,
    float RmsNormEps,
    RopeParameters RopeParameters,
    bool TieWordEmbeddings)
{
    public static LlamaConfig Load(string path)
    {
        LlamaConfig config = ModelJson.Read<LlamaConfig>(path);
        if ((config.ModelType, config.RopeParameters.RopeType) is not ("llama", "default"))
            throw new NotSupportedException($"{path} is not of a Llama with plain rotary positions, and this app knows no other model.");

        return config;
    }
}

/// <summary>Rotary position embedding, see <see cref="RotaryEmbedding"/>.</summary>
internal sealed record RopeParameters(string RopeType, float RopeTheta);
