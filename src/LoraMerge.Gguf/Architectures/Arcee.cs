using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>AFM of Arcee: Llama's attention, a feed-forward part without gate.</summary>
internal sealed class Arcee : Llama
{
    public override string Name => "arcee";

    public override ImmutableArray<string> Classes => ["ArceeForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 2560, "intermediate_size": 18432, "num_hidden_layers": 32, "num_attention_heads": 32, "hidden_act": "relu2",
          "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": false }
        """;

    public override bool SaysPooling => true;

    public override bool CanRestore => false;

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take the square of ReLU", "relu2");
        CheckRope(config, "linear", "yarn", "llama3");
        CheckFlag(config, "attention_bias", false, "have no biases in attention");
        CheckFlag(config, "mlp_bias", false, "have no biases in the feed-forward part");
    }

    protected override IEnumerable<TensorRule> FeedForward(HuggingFaceConfig config) => DecoderTensors.FeedForward.Skip(1);
}
