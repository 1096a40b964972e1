using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>OLMo 3: OLMo 2 with a sliding window in three of four layers, in which rope is not scaled.</summary>
internal sealed class Olmo3 : Olmo2
{
    private const string Sliding = "sliding_attention";
    private const int Pattern = 4;

    public override ImmutableArray<string> Classes => ["Olmo3ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32, "hidden_act": "silu",
          "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "sliding_window": 4096, "tie_word_embeddings": false }
        """;

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        base.Check(config, sizes);
        if (RopeScaling.Of(config, Sliding) is { IsScaled: true } local)
            throw NotSayable($"{local.Field}.{Sliding}", $"\"{local.Kind}\"", "never scale rope in layers with a sliding window");
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        keys.Count("attention.sliding_window", config.Count("sliding_window"));
        keys.Flags("attention.sliding_window_pattern", config.ListOrNull("layer_types") is { } types
            ? types.Select(type => IsText(type, Sliding))
            : Enumerable.Range(1, (int)sizes["layers"]).Select(layer => layer % Pattern != 0));
    }
}
