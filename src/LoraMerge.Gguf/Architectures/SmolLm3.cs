using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace LoraMerge.Gguf.Architectures;

/// <summary>SmolLM 3: Llama's tensors, every fourth layer without rope.</summary>
internal sealed class SmolLm3 : Llama
{
    private const string Readers = "turn no rope in every fourth layer";

    public override string Name => "smollm3";

    public override ImmutableArray<string> Classes => ["SmolLM3ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 2048, "intermediate_size": 11008, "num_hidden_layers": 36, "num_attention_heads": 16, "num_key_value_heads": 4,
          "hidden_act": "silu", "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "rope_theta": 2000000.0,
          "no_rope_layer_interval": 4, "tie_word_embeddings": true }
        """;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
        [.. DecoderTensors.Ends, .. DecoderTensors.NormsBefore, .. DecoderTensors.Attention.InPairs(), .. DecoderTensors.FeedForward];

    public override JsonObject? Restore(GgufKeys keys) => RestoreSizes(keys, "smollm3", Classes[0]);

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config, "linear", "yarn");
        CheckFlag(config, "use_sliding_window", false, "have no sliding window");
        CheckLayers(config, sizes, "no_rope_layers", (i, value) => value.TryGetInt32(out int turns) && turns == ((i + 1) % 4 != 0 ? 1 : 0), Readers);
        if (config.ListOrNull("no_rope_layers") is null)
            CheckReal(config, "no_rope_layer_interval", 4, Readers);
    }
}
