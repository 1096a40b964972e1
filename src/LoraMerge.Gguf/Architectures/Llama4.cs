using System.Collections.Immutable;
using System.Text.Json;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Llama 4, the part for text: experts in some layers, fused and the other way round, and a shared one; rope of neighbours as it is.</summary>
internal sealed class Llama4 : Llama
{
    private const int Pattern = 4;
    private const long Chunk = 8192;
    private const long ExpertsWithoutNorm = 128;

    public override string Name => "llama4";

    public override ImmutableArray<string> Classes => ["Llama4ForConditionalGeneration", "Llama4ForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 5120, "intermediate_size": 8192, "intermediate_size_mlp": 16384, "num_hidden_layers": 48, "num_attention_heads": 40,
          "num_key_value_heads": 8, "head_dim": 128, "hidden_act": "silu", "max_position_embeddings": 131072, "rms_norm_eps": 1e-5,
          "rope_theta": 500000.0, "tie_word_embeddings": false, "num_local_experts": 16, "num_experts_per_tok": 1,
          "interleave_moe_layer_step": 1, "use_qk_norm": true, "attention_chunk_size": 8192, "attn_temperature_tuning": true,
          "floor_scale": 8192, "attn_scale": 0.1 }
        """;

    public override bool CanRestore => false;

    public override TokenizerRules Tokenizer(HuggingFaceConfig config) => TokenizerRules.Default with { PreTokenizer = "llama4" };

    public override IEnumerable<TensorRule> Tensors(HuggingFaceConfig config)
    {
        const string part = "feed_forward.";
        return
        [
            .. DecoderTensors.Ends,
            .. DecoderTensors.NormsBefore,
            .. DecoderTensors.Attention,
            .. ((TensorRule[])
            [
                DecoderTensors.Of("ffn_gate.weight", part + "gate_proj.weight", "f h"),
                DecoderTensors.Of("ffn_up.weight", part + "up_proj.weight", "f h"),
                DecoderTensors.Of("ffn_down.weight", part + "down_proj.weight", "h f"),
            ]).In(layer => !HasExperts(config, layer)),
            .. ((TensorRule[])
            [
                DecoderTensors.Of("ffn_gate_inp.weight", part + "router.weight", "experts h"),
                .. DecoderTensors.TurnedExperts(part + "experts."),
                DecoderTensors.Of("ffn_gate_shexp.weight", part + "shared_expert.gate_proj.weight", "fe h"),
                DecoderTensors.Of("ffn_up_shexp.weight", part + "shared_expert.up_proj.weight", "fe h"),
                DecoderTensors.Of("ffn_down_shexp.weight", part + "shared_expert.down_proj.weight", "h fe"),
            ]).In(layer => HasExperts(config, layer)),
        ];
    }

    public override IEnumerable<string> Spellings(string source) => ImageText.Spellings(source);

    public override bool IsLeftOut(string source, HuggingFaceConfig config) => base.IsLeftOut(source, config) || ImageText.IsOfImages(source);

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        sizes["f"] = config.Count("intermediate_size_mlp");
        sizes["fe"] = config.Count("intermediate_size");
        sizes["fe2"] = 2 * sizes["fe"];
        sizes["experts"] = config.Count("num_local_experts");
    }

    public override void Check(HuggingFaceConfig config, Sizes sizes)
    {
        CheckText(config, "hidden_act", "always take SiLU", "silu", "swish");
        CheckRope(config, "llama3");
        CheckFlag(config, "attention_bias", false, "have no biases in attention");
        _ = Positive(config, "num_local_experts");
        _ = Positive(config, "interleave_moe_layer_step");
        bool hasNorm = sizes["experts"] != ExpertsWithoutNorm;
        CheckFlag(config, "use_qk_norm", hasNorm, $"norm queries and keys unless there are {ExpertsWithoutNorm} experts");
        CheckReal(config, "attention_chunk_size", Chunk, $"attend within chunks of {Chunk} tokens");
        if (config.Find("attn_temperature_tuning") is not { } tuning || tuning.ValueKind == JsonValueKind.False)
            throw NotSayable("attn_temperature_tuning", "false", "always scale queries by their position in layers without rope");
        CheckReal(config, "floor_scale", Chunk, $"scale queries every {Chunk} tokens");
        CheckReal(config, "attn_scale", 0.1, "scale queries by 0.1");
        if (config.ListOrNull("no_rope_layers") is { Length: > 0 }) // an empty list means the usual ones
        {
            CheckLayers(config, sizes, "no_rope_layers", (i, hasRope) => HuggingFaceConfig.IntegerOf(hasRope) == (IsWhole(i) ? 0 : 1),
                "leave rope out in every fourth layer");
        }

        CheckLayers(config, sizes, "layer_types", (i, type) => IsText(type, IsWhole(i) ? "full_attention" : "chunked_attention"),
            "attend to all tokens in every fourth layer");
        CheckLayersWithExperts(config, sizes);
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        keys.Count("expert_count", sizes["experts"]);
        keys.Count("expert_used_count", config.Count("num_experts_per_tok"));
        keys.Count("interleave_moe_layer_step", config.Count("interleave_moe_layer_step"));
        keys.Count("expert_feed_forward_length", sizes["fe"]);
    }

    private void CheckLayersWithExperts(HuggingFaceConfig config, Sizes sizes)
    {
        if (config.ListOrNull("moe_layers") is not { Length: > 0 } layers)
            return;
        long[] expected = [.. Enumerable.Range(0, (int)sizes["layers"]).Select(layer => (long)layer).Where(layer => HasExperts(config, layer))];
        if (!layers.Select(layer => HuggingFaceConfig.IntegerOf(layer) ?? -1).SequenceEqual(expected))
            throw NotSayable("moe_layers", HuggingFaceConfig.TextOf(config.Find("moe_layers")), "take experts in the layers of interleave_moe_layer_step");
    }

    private static bool IsWhole(long layer) => (layer + 1) % Pattern == 0;

    private static bool HasExperts(HuggingFaceConfig config, long layer) => (layer + 1) % Math.Max(1, config.Count("interleave_moe_layer_step")) == 0;
}
