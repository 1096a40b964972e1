using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Gemma 1.</summary>
internal class Gemma : Architecture
{
    public override string Name => "gemma";

    public override ImmutableArray<string> Classes => ["GemmaForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 3072, "intermediate_size": 24576, "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 16,
          "head_dim": 256, "max_position_embeddings": 8192, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": true }
        """;

    public override bool IsHeadAlwaysTied => true;

    public override TokenizerRules Tokenizer(HuggingFaceConfig config) => TokenizerRules.Default with { SpacePrefix = false, EndOfTurn = 107 };

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        DecoderTensors.Embedding,
        .. PlusOne([DecoderTensors.FinalNorm, .. DecoderTensors.NormsBefore]),
        .. DecoderTensors.Attention,
        .. DecoderTensors.FeedForward,
    ];

    public override bool CanRestore => true;

    public override JsonObject? Restore(GgufKeys keys) => RestoreGemma(keys, "gemma");

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_activation", "always take GELU by tanh", "gelu_pytorch_tanh", "gelu_new");
        CheckRope(config);
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeUnusualRopeBase(config, keys);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
    }

    protected JsonObject RestoreGemma(GgufKeys keys, string modelType)
    {
        JsonObject config = RestoreSizes(keys, modelType, Classes[0]);
        config["hidden_act"] = "gelu_pytorch_tanh";
        config["hidden_activation"] = "gelu_pytorch_tanh";
        return config;
    }

    /// <summary>Gemma's norms multiply by their weight and one.</summary>
    protected static IEnumerable<TensorRule> PlusOne(IEnumerable<TensorRule> rules) => rules.Select(rule => rule.Then(_ => new Step.Plus(1)));
}
