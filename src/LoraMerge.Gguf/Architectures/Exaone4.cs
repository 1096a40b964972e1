using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>EXAONE 4: norms behind attention and feed-forward part, norms of queries and keys; that of 64 layers slides in three of four.</summary>
internal sealed class Exaone4 : Llama
{
    private const int Pattern = 4;
    private const long LayersThatSlide = 64;
    private const string Sliding = "sliding_attention";

    public override string Name => "exaone4";

    public override ImmutableArray<string> Classes => ["Exaone4ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 4096, "intermediate_size": 16384, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32,
          "hidden_act": "silu", "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": false }
        """;

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        .. DecoderTensors.Ends,
        .. DecoderTensors.Attention,
        .. DecoderTensors.HeadNorms,
        DecoderTensors.Of("post_attention_norm.weight", "post_attention_layernorm.weight", "h"),
        .. DecoderTensors.FeedForward,
        DecoderTensors.Of("post_ffw_norm.weight", "post_feedforward_layernorm.weight", "h"),
    ];

    public override bool CanRestore => false;

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        base.Check(config, sizes);
        bool slides = sizes["layers"] == LayersThatSlide;
        string readers = Invariant($"slide in three of four layers of {LayersThatSlide}, and in none of models with another number of layers");
        if (!slides && config.CountOrNull("sliding_window") is { } window)
            throw NotSayable("sliding_window", Invariant($"{window}"), readers);
        CheckLayers(config, sizes, "layer_types", (i, type) => IsText(type, slides && (i + 1) % Pattern != 0 ? Sliding : "full_attention"), readers);
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        DescribeSizes(config, sizes, keys);
        DescribeRope(config, keys);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
        keys.Count("vocab_size", sizes["v"]);
        if (config.CountOrNull("sliding_window") is not { } window)
            return;
        keys.Count("attention.sliding_window", window);
        keys.Flags("attention.sliding_window_pattern", Enumerable.Range(1, (int)sizes["layers"]).Select(layer => layer % Pattern != 0));
    }
}
