using System.Collections.Immutable;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Phi 3, 3.5 and 4: fused weights, rope with factors for long contexts.</summary>
internal sealed class Phi3 : Architecture
{
    public override string Name => "phi3";

    public override ImmutableArray<string> Classes => ["Phi3ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 32, "num_attention_heads": 32, "hidden_act": "silu",
          "max_position_embeddings": 4096, "original_max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
          "partial_rotary_factor": 1.0, "tie_word_embeddings": false }
        """;

    public override TokenizerRules Tokenizer(HuggingFaceConfig config) => TokenizerRules.Default with { TakesAddedTokensOfJson = true };

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config) =>
    [
        .. DecoderTensors.Ends,
        .. DecoderTensors.NormsBefore,
        DecoderTensors.Of("attn_qkv.weight", "self_attn.qkv_proj.weight", "qkv h"),
        DecoderTensors.Of("attn_output.weight", "self_attn.o_proj.weight", "h q"),
        DecoderTensors.Of("ffn_up.weight", "mlp.gate_up_proj.weight", "f2 h"),
        DecoderTensors.Of("ffn_down.weight", "mlp.down_proj.weight", "h f"),
    ];

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        sizes["qkv"] = sizes["q"] + (2 * sizes["kv"]);
        sizes["f2"] = 2 * sizes["f"];
        double part = RopeScaling.PartOf(config);
        sizes["rope"] = (long)(part * sizes["h"]) / sizes["heads"];
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config, "longrope", "su");
        RopeScaling rope = RopeScaling.Of(config);
        if (rope.IsScaled && (rope.Reals("long_factor").Length != sizes["rope"] / 2 || rope.Reals("short_factor").Length != sizes["rope"] / 2))
        {
            throw LayoutErrors.ConfigFieldInvalid($"{rope.Field}.long_factor",
                Invariant($"a list of {rope.Reals("long_factor").Length} numbers, and short_factor one of {rope.Reals("short_factor").Length}"),
                Invariant($"{sizes["rope"] / 2} numbers in each"));
        }
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        RopeScaling rope = RopeScaling.Of(config);
        keys.Count("rope.scaling.original_context_length", rope.OriginalContext);
        keys.Count("rope.dimension_count", sizes["rope"]);
        keys.Real("rope.freq_base", rope.Theta);
        keys.Real("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps"));
        keys.Count("attention.sliding_window", config.CountOrNull("sliding_window") ?? 0); // readers tell Phi-4 by the 0
        if (rope.IsScaled)
        {
            double scale = config.Count("max_position_embeddings") / (double)rope.OriginalContext;
            keys.Real("rope.scaling.attn_factor",
                rope.RealOrNull("attention_factor") ?? (scale <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(scale) / Math.Log(rope.OriginalContext)))));
        }
    }

    public override IEnumerable<(string Name, float[] Numbers)> ComputedTensors(HuggingFaceConfig config, Sizes sizes) =>
        RopeScaling.Of(config) is { IsScaled: true } rope
            ? [("rope_factors_long.weight", rope.Reals("long_factor")), ("rope_factors_short.weight", rope.Reals("short_factor"))]
            : [];
}
