using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace LoraMerge.Gguf.Architectures;

/// <summary>Granite 3: Llama's tensors, and a multiplier at each joint.</summary>
internal class Granite : Llama
{
    public override string Name => "granite";

    public override ImmutableArray<string> Classes => ["GraniteForCausalLM"];

    public override string Defaults => """
        { "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32, "hidden_act": "silu",
          "max_position_embeddings": 2048, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": false,
          "attention_multiplier": 1.0, "embedding_multiplier": 1.0, "residual_multiplier": 1.0, "logits_scaling": 1.0 }
        """;

    public override JsonObject? Restore(GgufKeys keys)
    {
        JsonObject config = RestoreSizes(keys, "granite", Classes[0]);
        // What readers take where a file says nothing: no multiplier, and attention scaled as everywhere.
        config["attention_multiplier"] = keys.RealOrNull("attention.scale") ?? (1 / Math.Sqrt(config["head_dim"]!.GetValue<long>()));
        config["embedding_multiplier"] = keys.RealOrNull("embedding_scale") ?? 1;
        config["residual_multiplier"] = keys.RealOrNull("residual_scale") ?? 1;
        config["logits_scaling"] = keys.Real("logit_scale");
        return config;
    }

    public override void Describe(HuggingFaceConfig config, Sizes sizes, Keys keys)
    {
        base.Describe(config, sizes, keys);
        keys.Real("attention.scale", config.Real("attention_multiplier"));
        keys.Real("embedding_scale", config.Real("embedding_multiplier"));
        keys.Real("residual_scale", config.Real("residual_multiplier"));
        keys.Real("logit_scale", config.Real("logits_scaling"));
    }
}
