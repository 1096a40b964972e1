using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Qwen 2 and 2.5.</summary>
internal class Qwen2 : Architecture
{
    public override string Name => "qwen2";

    public override ImmutableArray<string> Classes => ["Qwen2ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32,
          "hidden_act": "silu", "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "use_sliding_window": false,
          "sliding_window": 4096, "tie_word_embeddings": false }
        """;

    public override bool SaysPooling => true;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        .. DecoderTensors.Ends,
        .. DecoderTensors.NormsBefore,
        .. DecoderTensors.Attention,
        .. DecoderTensors.QueryKeyValueBiases,
        .. DecoderTensors.FeedForward,
    ];

    /// <summary>How rope may be scaled.</summary>
    protected virtual string[] RopeKinds => ["linear", "yarn"];

    public override bool CanRestore => true;

    public override JsonObject? Restore(GgufKeys keys) => RestoreSizes(keys, "qwen2", Classes[0]);

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config, RopeKinds);
        if (sizes["q"] != sizes["h"])
            throw NotSayable("head_dim", Invariant($"{sizes["d"]}"), Invariant($"take hidden_size / num_attention_heads, {sizes["h"] / sizes["heads"]}"));
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
    }

    public override IEnumerable<string> Notes(HuggingFaceConfig config, Sizes sizes) => WindowNotes(config);
}
