using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Mixtral: Llama's architecture with experts.</summary>
internal sealed class Mixtral : Llama
{
    public override ImmutableArray<string> Classes => ["MixtralForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
          "hidden_act": "silu", "max_position_embeddings": 131072, "rms_norm_eps": 1e-5, "rope_theta": 1000000.0, "num_local_experts": 8,
          "num_experts_per_tok": 2, "tie_word_embeddings": false }
        """;

    public override JsonObject? Restore(GgufKeys keys)
    {
        if (keys.CountOrNull("expert_count") is not > 0)
            return null;
        JsonObject config = RestoreSizes(keys, "mixtral", Classes[0]);
        config["num_local_experts"] = keys.Count("expert_count");
        config["num_experts_per_tok"] = keys.Count("expert_used_count");
        return config;
    }

    public override void Measure(HuggingFaceConfig config, Sizes sizes)
    {
        base.Measure(config, sizes);
        sizes["experts"] = config.Count("num_local_experts");
        sizes["fe"] = sizes["f"];
        sizes["fe2"] = 2 * sizes["f"];
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        keys.Count("expert_count", sizes["experts"]);
        keys.Count("expert_used_count", config.Count("num_experts_per_tok"));
    }

    protected override IEnumerable<TensorRule> FeedForward(HuggingFaceConfig config) =>
    [
        DecoderTensors.Of("ffn_gate_inp.weight", "block_sparse_moe.gate.weight", "experts h") with
        {
            Else = DecoderTensors.Of("ffn_gate_inp.weight", "mlp.gate.weight", "experts h"),
        },
        DecoderTensors.Of("ffn_gate_exps.weight", "block_sparse_moe.experts.E.w1.weight", "f h") with { Else = DecoderTensors.FusedGate },
        DecoderTensors.Of("ffn_up_exps.weight", "block_sparse_moe.experts.E.w3.weight", "f h") with { Else = DecoderTensors.FusedUp },
        DecoderTensors.Of("ffn_down_exps.weight", "block_sparse_moe.experts.E.w2.weight", "h f") with { Else = DecoderTensors.FusedDown },
    ];
}
