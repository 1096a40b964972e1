using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Architectures;

/// <summary>ERNIE 4.5: Llama's tensors with rope of neighbours as it is.</summary>
internal class Ernie45 : Architecture
{
    public override string Name => "ernie4_5";

    public override ImmutableArray<string> Classes => ["Ernie4_5ForCausalLM", "Ernie4_5_ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 18, "num_attention_heads": 16, "num_key_value_heads": 2,
          "head_dim": 128, "hidden_act": "silu", "max_position_embeddings": 131072, "rms_norm_eps": 1e-5, "rope_theta": 500000.0,
          "use_bias": false, "tie_word_embeddings": true }
        """;

    public override TokenizerRules Tokenizer(HuggingFaceConfig config) => TokenizerRules.Default with { SaysSpacePrefix = true };

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
        [.. DecoderTensors.Ends, .. DecoderTensors.NormsBefore, .. DecoderTensors.Attention, .. FeedForward(config)];

    public override bool CanRestore => true;

    public override JsonObject? Restore(GgufKeys keys)
    {
        JsonObject config = RestoreSizes(keys, "ernie4_5", Classes[0]);
        config["use_bias"] = false;
        return config;
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config, "linear", "yarn");
        CheckFlag(config, "use_bias", false, "have no biases");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
    }

    protected virtual IEnumerable<TensorRule> FeedForward(HuggingFaceConfig config) => DecoderTensors.FeedForward;
}
