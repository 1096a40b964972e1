using System.Numerics.Tensors;

namespace SampleApp.Llama;

/// <summary>
/// One layer: looks back at the earlier tokens (attention), then thinks about the token by itself (feed-forward). Both add to what is known of it.
/// </summary>
internal sealed class LlamaLayer
{
    private readonly RmsNorm _attentionNorm;
    private readonly Attention _attention;
    private readonly RmsNorm _feedForwardNorm;
    private readonly FeedForward _feedForward;

    public LlamaLayer(LlamaConfig config, Weights weights, int index)
    {
        string name = $"model.layers.{index}";
        _attentionNorm = new RmsNorm(config, weights, $"{name}.input_layernorm");
        _attention = new Attention(config, weights, $"{name}.self_attn", index);
        _feedForwardNorm = new RmsNorm(config, weights, $"{name}.post_attention_layernorm");
        _feedForward = new FeedForward(weights, $"{name}.mlp");
    }

    /// <param name="x">[hidden]: the token before the layer, and after it.</param>
    /// <param name="cache">The tokens so far; this one is added.</param>
    public void Refine(Span<float> x, KeyValueCache cache)
    {
        TensorPrimitives.Add(x, _attention.LookBack(_attentionNorm.Normalize(x), cache), x);
        TensorPrimitives.Add(x, _feedForward.Think(_feedForwardNorm.Normalize(x)), x);
    }
}
